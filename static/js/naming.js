/** Characters and probabilities as a person reads them. */

/** @type {Readonly<Record<string, string>>} */
const NAMES = { "": "END", " ": "space", "\t": "tab", "\u00a0": "hard space" };

const THREE_DIGITS = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Below this share a bar shows nothing, and digits would only flicker. */
const LEAST_SHARE = 0.001;

/**
 * A character where it stands alone: one that could not be seen gets a name.
 *
 * @param {string} character the empty string is the end of a sentence
 */
export function nameOf(character) {
  const name = NAMES[character];
  if (name !== undefined) return name;
  if (/^\p{M}/u.test(character)) return `◌${character}`; // an accent has nothing to stand on
  return /^[\p{Z}\p{C}]+$/u.test(character) ? codeOf(character) : character;
}

/** @param {string} character */
function codeOf(character) {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * A character within a sentence.
 *
 * @param {string} character the empty string is the end of a sentence
 */
export function quoted(character) {
  const name = nameOf(character);
  return name === character ? `“${character}”` : name;
}

/**
 * A probability in percent, for a glance.
 *
 * @param {number} probability
 */
export function percent(probability) {
  if (probability < LEAST_SHARE) return "< 0.1 %";
  const share = 100 * probability;
  return `${share.toFixed(share < 9.95 ? 1 : 0)} %`;
}

/**
 * A probability in percent with three digits, however small it is.
 *
 * @param {number} probability
 */
export function exactPercent(probability) {
  return `${THREE_DIGITS.format(100 * probability)} %`;
}
