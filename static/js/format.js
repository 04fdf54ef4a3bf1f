/** Formats of characters and numbers. */

/** @type {Readonly<Record<string, string>>} */
const NAMES = { "": "END", " ": "space", "\t": "tab", "\u00a0": "hard space" };

/** Names of Unicode for characters that text editors and web pages insert unseen. */
/** @type {Readonly<Record<string, string>>} */
const INVISIBLE = {
  "\u00ad": "SOFT HYPHEN",
  "\u200b": "ZERO WIDTH SPACE",
  "\u200c": "ZERO WIDTH NON-JOINER",
  "\u200d": "ZERO WIDTH JOINER",
  "\u200e": "LEFT-TO-RIGHT MARK",
  "\u200f": "RIGHT-TO-LEFT MARK",
  "\u202f": "NARROW NO-BREAK SPACE",
  "\u2028": "LINE SEPARATOR",
  "\u2029": "PARAGRAPH SEPARATOR",
  "\u2060": "WORD JOINER",
  "\u3000": "IDEOGRAPHIC SPACE",
  "\ufe0f": "VARIATION SELECTOR-16",
};

const THREE_DIGITS = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Smaller shares are shown as < 0.1 %: their digits would flicker. */
const MIN_SHARE = 0.001;

/**
 * The name of a character: itself, or a word if it is invisible.
 *
 * @param {string} character the empty string is the end of a sentence
 */
export function nameOf(character) {
  const name = NAMES[character];
  if (name !== undefined) return name;
  if (/^\p{M}/u.test(character)) return `◌${character}`; // a combining mark needs a base
  return /^[\p{Z}\p{C}]+$/u.test(character) ? codeOf(character) : character;
}

/**
 * Characters one after the other, with the code and the name in brackets of those that cannot be
 * seen; the space stays a space.
 *
 * @param {string[]} characters
 */
export function visibly(characters) {
  return characters
    .map((character) => {
      if (character === " ") return character;
      const name = fullNameOf(character);
      return name === character || name.startsWith("◌") ? name : `[${name}]`;
    })
    .join("");
}

/**
 * The name of a character for running text, with that of Unicode if it is one that is often unseen.
 *
 * @param {string} character
 */
function fullNameOf(character) {
  const name = INVISIBLE[character];
  return name ? `${codeOf(character)} ${name}` : nameOf(character);
}

/** @param {string} character */
function codeOf(character) {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * A character in running text: quoted, or its name if it is invisible.
 *
 * @param {string} character the empty string is the end of a sentence
 */
export function quoted(character) {
  const name = fullNameOf(character);
  return name === character ? `“${character}”` : name;
}

/**
 * A probability in percent, rounded to whole percent or one decimal.
 *
 * @param {number} probability
 */
export function percent(probability) {
  if (probability < MIN_SHARE) return "< 0.1 %";
  const share = 100 * probability;
  return `${share.toFixed(share < 9.95 ? 1 : 0)} %`;
}

/**
 * A probability in percent with three significant digits.
 *
 * @param {number} probability
 */
export function exactPercent(probability) {
  return `${THREE_DIGITS.format(100 * probability)} %`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** With no-break spaces. */
const PERCENT = "\u00a0%";
const TIMES = "\u00a0×\u00a0";
/** Smaller shares are shown as “under”. */
const MIN_ROUNDED_SHARE = 1e-7;

/**
 * A share in percent with significant digits.
 *
 * @param {number} share
 * @param {number} [digits] significant digits
 * @returns {string}
 */
export function roundPercent(share, digits = 2) {
  if (share === 0) return `0${PERCENT}`;
  if (share < MIN_ROUNDED_SHARE) return `under ${roundPercent(MIN_ROUNDED_SHARE, 1)}`;
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
 * @param {number} [digits] significant digits
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
