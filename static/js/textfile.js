/** A text from a file. What cannot be learnt is refused here, before it is in anybody's way. */

/** @import { Refused } from "./protocol" */

/** @typedef {{characters: number, line: number}} Limits the most characters of a text and of a line */

/** The longest character of UTF-8, in bytes. */
const LONGEST_CHARACTER = 4;
const BYTE_ORDER_MARK = 3;

/**
 * @param {File} file
 * @param {Limits} limits
 * @returns {Promise<{ok: true, text: string} | Refused>}
 */
export async function readText(file, limits) {
  if (file.size > LONGEST_CHARACTER * limits.characters + BYTE_ORDER_MARK) {
    return refused(`This file is too large: it has ${inWords(file.size)} bytes.`, limits);
  }
  const bytes = await bytesOf(file);
  if (!bytes) return refused("This cannot be read: choose a file that is yours to read.", limits);
  const text = decoded(bytes);
  const fault = faultOfBytes(bytes) ?? faultOfText(text, limits);
  return fault === null && text !== null ? { ok: true, text } : refused(fault ?? "", limits);
}

/**
 * As the server counts them, which is not as JavaScript does.
 *
 * @param {string} text
 */
export function charactersIn(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * Null where it is a folder, or has gone.
 *
 * @param {File} file
 */
async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    return null;
  }
}

/**
 * Without the mark that some programs put before UTF-8, and as a textarea holds it.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes */
function faultOfBytes(bytes) {
  if (beginsWith(bytes, [0x25, 0x50, 0x44, 0x46])) return "This is a PDF.";
  if (beginsWith(bytes, [0xff, 0xfe]) || beginsWith(bytes, [0xfe, 0xff])) {
    return "This file is in UTF-16: save it in UTF-8.";
  }
  return bytes.includes(0) ? "This file is not a text." : null;
}

/**
 * @param {string | null} text
 * @param {Limits} limits
 */
function faultOfText(text, limits) {
  if (text === null) return "This file is not in UTF-8.";
  if (!text.trim()) return "There is no sentence in this file.";
  const characters = charactersIn(text);
  if (characters > limits.characters) {
    return `This file is too long: it has ${inWords(characters)} characters.`;
  }
  const long = text.split("\n").find((line) => charactersIn(line) > limits.line);
  return long === undefined
    ? null
    : `A line of this file has ${inWords(charactersIn(long))} characters.`;
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]} beginning
 */
function beginsWith(bytes, beginning) {
  return beginning.every((byte, index) => bytes[index] === byte);
}

/**
 * @param {string} fault
 * @param {Limits} limits
 * @returns {Refused}
 */
export function refused(fault, { characters, line }) {
  const taken = `What is taken: a text in UTF-8, one sentence a line, up to ${inWords(characters)} characters, lines up to ${inWords(line)}.`;
  return { ok: false, error: `${fault} ${taken}`, field: "text" };
}

/** @param {number} number */
function inWords(number) {
  return number.toLocaleString("en");
}
