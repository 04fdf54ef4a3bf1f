/** The ticks of the curve's axes. */

/** Ticks of a logarithmic axis, times powers of ten. */
const LOG_STEPS = [1, 1.5, 2, 3, 4, 5, 7];
/** A range with a smaller ratio of its ends has linear ticks. */
const MAX_LINEAR_RATIO = 3;
/** Pixels between two ticks. */
const MIN_SPACING = 26;

/**
 * The ticks of a logarithmic axis that fit its height.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} height
 */
export function ticksBetween(low, high, height) {
  const needed = (Math.log(high / low) * MIN_SPACING) / height; // difference of logarithms per tick
  let last = 0;
  return candidatesBetween(low, high).filter((tick) => {
    if (Math.log(tick / last) < needed) return false;
    last = tick;
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
  const ticks =
    high / low < MAX_LINEAR_RATIO ? linearTicks(low, high) : logarithmicTicks(low, high);
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/**
 * @param {number} low
 * @param {number} high
 */
function linearTicks(low, high) {
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
function logarithmicTicks(low, high) {
  const first = Math.floor(Math.log10(low));
  const count = Math.ceil(Math.log10(high)) - first + 1;
  const powers = Array.from({ length: count }, (_, index) => 10 ** (first + index));
  return powers.flatMap((power) => LOG_STEPS.map((tick) => Number((tick * power).toPrecision(3))));
}

/** @param {number} number */
export function shortNumber(number) {
  if (number >= 1e9) return number.toExponential(0);
  if (number >= 1e6) return `${number / 1e6}M`;
  return number >= 1_000 ? `${number / 1_000}k` : String(number);
}
