/** Which part of the curve is in view. Without a choice it is the whole, which grows. */

/** @typedef {{from: number, to: number}} Range steps, from the left edge to the right one */
/**
 * @typedef {object} Extent
 * @property {number} last step of the curve
 * @property {number} furthest step that there is something to see at
 * @property {number} least number of steps that there is something to see in
 */

const FACTOR = 2;

/**
 * @param {Range | null} chosen
 * @param {Extent} extent
 * @returns {Range}
 */
export function inView(chosen, { last }) {
  return chosen ?? { from: 0, to: last };
}

/**
 * A part that somebody picked out; what is in view already where that shows nothing.
 *
 * @param {Range | null} chosen
 * @param {Extent} extent
 * @param {Range} picked
 */
export function zoomTo(chosen, { furthest, least }, { from, to }) {
  const range = { from: Math.max(from, 0), to: Math.min(to, furthest) };
  return range.to - range.from < least ? chosen : range;
}

/**
 * @param {Range | null} chosen
 * @param {Extent} extent
 */
export function zoomIn(chosen, extent) {
  return zoomTo(chosen, extent, spread(inView(chosen, extent), 1 / FACTOR));
}

/**
 * @param {Range | null} chosen
 * @param {Extent} extent
 */
export function zoomOut(chosen, extent) {
  const range = within(spread(inView(chosen, extent), FACTOR), extent);
  const isWhole = range.from === 0 && range.to === extent.last;
  return isWhole ? null : range;
}

/**
 * @param {Range | null} chosen
 * @param {Extent} extent
 * @param {number} steps to the right
 */
export function pan(chosen, extent, steps) {
  if (!chosen) return null;
  const { from, to } = chosen;
  return within({ from: from + steps, to: to + steps }, extent);
}

/**
 * @param {Range} range
 * @param {number} factor
 * @returns {Range}
 */
function spread({ from, to }, factor) {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  return { from: middle - half, to: middle + half };
}

/**
 * As long, where that has room, and nowhere outside.
 *
 * @param {Range} range
 * @param {Extent} extent
 * @returns {Range}
 */
function within({ from, to }, { furthest }) {
  const length = Math.min(to - from, furthest);
  const begin = Math.min(Math.max(from, 0), furthest - length);
  return { from: begin, to: begin + length };
}
