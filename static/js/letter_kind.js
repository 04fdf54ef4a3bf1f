/** Which kind of character it is. */

/** @typedef {"vowel" | "consonant" | "digit" | "sign" | "end"} LetterKind */

const VOWELS = new Set("aeiouæœøıαεηιουωаеёиоуыэюяєі");

/**
 * @param {string} letter the empty string is the end
 * @returns {LetterKind}
 */
export function kindOf(letter) {
  if (letter === "") return "end";
  if (/^\p{N}/u.test(letter)) return "digit";
  if (!/^[\p{L}\p{M}]/u.test(letter)) return "sign";
  const [plain = ""] = letter.normalize("NFD").toLowerCase(); // é is an e with an accent
  return VOWELS.has(plain) ? "vowel" : "consonant";
}
