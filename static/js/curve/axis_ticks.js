/** What the axes of the curve are marked with. */

/** What a logarithmic axis is marked with, times powers of ten: about even steps. */
const MARKS = [1, 1.5, 2, 3, 4, 5, 7];
/** A range whose ends have less than this ratio is marked in even steps. */
const NARROW = 3;
/** Pixels that a mark needs. */
const MARK_HEIGHT = 26;

/**
 * Marks of a logarithmic axis, as many as have room.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} height
 */
export function ticksBetween(low, high, height) {
  const needed = (Math.log(high / low) * MARK_HEIGHT) / height; // of the logarithm, for each mark
  let last = 0;
  return candidatesBetween(low, high).filter((mark) => {
    if (Math.log(mark / last) < needed) return false;
    last = mark;
    return true;
  });
}

/**
 * Round numbers, evenly spread over the logarithm; in a narrow range that is nearly linear.
 *
 * @param {number} low
 * @param {number} high
 */
function candidatesBetween(low, high) {
  const marks = high / low < NARROW ? linearMarks(low, high) : logarithmicMarks(low, high);
  return marks.filter((mark) => mark >= low && mark <= high);
}

/**
 * @param {number} low
 * @param {number} high
 */
function linearMarks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power < 2 ? 1 : rough / power < 5 ? 2 : 5);
  const first = Math.floor(low / step);
  const count = Math.ceil(high / step) - first + 1;
  return Array.from({ length: count }, (_, index) =>
    Number(((first + index) * step).toPrecision(4)),
  );
}

/**
 * @param {number} low
 * @param {number} high
 */
function logarithmicMarks(low, high) {
  const first = Math.floor(Math.log10(low));
  const count = Math.ceil(Math.log10(high)) - first + 1;
  const powers = Array.from({ length: count }, (_, index) => 10 ** (first + index));
  return powers.flatMap((power) => MARKS.map((mark) => Number((mark * power).toPrecision(3))));
}

/** @param {number} number */
export function shortNumber(number) {
  if (number >= 1e9) return number.toExponential(0);
  if (number >= 1e6) return `${number / 1e6}M`;
  return number >= 1_000 ? `${number / 1_000}k` : String(number);
}
