/** Numbers as a person reads them. */

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** Both stay on the line of their numbers. */
const PERCENT = "\u00a0%";
const TIMES = "\u00a0×\u00a0";
/** A share below this is no other to anybody. */
const SMALLEST_SHARE = 1e-7;

/**
 * A share in percent.
 *
 * @param {number} share
 * @param {number} [digits] that count
 * @returns {string}
 */
export function roundPercent(share, digits = 2) {
  if (share === 0) return `0${PERCENT}`;
  if (share < SMALLEST_SHARE) return `under ${roundPercent(SMALLEST_SHARE, 1)}`;
  const rounded = Number((100 * share).toPrecision(digits));
  return `${rounded.toLocaleString("en", { maximumFractionDigits: 7 })}${PERCENT}`;
}

/**
 * A share in whole percent.
 *
 * @param {number} share
 */
export function wholePercent(share) {
  return `${Math.round(100 * share)}${PERCENT}`;
}

/**
 * A number with a true minus sign.
 *
 * @param {number} number
 * @param {number} [digits] that count
 */
export function plain(number, digits = 2) {
  const rounded = Number(number.toPrecision(digits));
  return String(rounded).replace("-", "−");
}

/**
 * A number with its power of ten: 3.4 × 10⁻⁷.
 *
 * @param {number} number
 */
export function scientific(number) {
  if (number === 0) return "0";
  const [factor = "", power = ""] = number.toExponential(1).split("e");
  return `${factor.replace("-", "−")}${TIMES}10${superscript(Number(power))}`;
}

/** @param {number} power */
function superscript(power) {
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]);
  return (power < 0 ? "⁻" : "") + digits.join("");
}
