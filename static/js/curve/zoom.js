/** The range of steps shown. null is the whole curve, which grows. */

/** @typedef {{from: number, to: number}} Range steps at the left and right edge */
/**
 * @typedef {object} Extent
 * @property {number} last step of the curve
 * @property {number} lastShown last step of all curves shown
 * @property {number} minSteps the smallest range
 */

const FACTOR = 2;

/**
 * @param {Range | null} range
 * @param {Extent} extent
 * @returns {Range}
 */
export function inView(range, { last }) {
  return range ?? { from: 0, to: last };
}

/**
 * The wanted range within the curve, or the current one if it would be too small.
 *
 * @param {Range | null} range
 * @param {Extent} extent
 * @param {Range} wanted
 */
export function zoomTo(range, { lastShown, minSteps }, { from, to }) {
  const zoomed = { from: Math.max(from, 0), to: Math.min(to, lastShown) };
  return zoomed.to - zoomed.from < minSteps ? range : zoomed;
}

/**
 * @param {Range | null} range
 * @param {Extent} extent
 */
export function zoomIn(range, extent) {
  return zoomTo(range, extent, scaled(inView(range, extent), 1 / FACTOR));
}

/**
 * @param {Range | null} range
 * @param {Extent} extent
 */
export function zoomOut(range, extent) {
  const zoomed = clamped(scaled(inView(range, extent), FACTOR), extent);
  const isWhole = zoomed.from === 0 && zoomed.to === extent.last;
  return isWhole ? null : zoomed;
}

/**
 * @param {Range | null} range
 * @param {Extent} extent
 * @param {number} steps to the right
 */
export function pan(range, extent, steps) {
  if (!range) return null;
  const { from, to } = range;
  return clamped({ from: from + steps, to: to + steps }, extent);
}

/**
 * @param {Range} range
 * @param {number} factor
 * @returns {Range}
 */
function scaled({ from, to }, factor) {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  return { from: middle - half, to: middle + half };
}

/**
 * The range, moved and shortened to fit the curves.
 *
 * @param {Range} range
 * @param {Extent} extent
 * @returns {Range}
 */
function clamped({ from, to }, { lastShown }) {
  const length = Math.min(to - from, lastShown);
  const start = Math.min(Math.max(from, 0), lastShown - length);
  return { from: start, to: start + length };
}
