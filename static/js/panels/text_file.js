/** A text from a file. Text that cannot be used is refused here. */

/** @import { ErrorResult } from "../protocol" */

import { refusalOf } from "../messages.js";

/** @typedef {{characters: number, line: number}} Limits the most characters of a text and of a line */

/** The longest character of UTF-8, in bytes. */
const LONGEST_CHARACTER = 4;
const BYTE_ORDER_MARK = 3;

/**
 * @param {File} file
 * @param {Limits} limits
 * @returns {Promise<{ok: true, text: string} | ErrorResult>}
 */
export async function readText(file, limits) {
  if (file.size > LONGEST_CHARACTER * limits.characters + BYTE_ORDER_MARK) {
    return refusalOf("file_too_large", "text", limits, file.size);
  }
  const bytes = await bytesOf(file);
  if (!bytes) return refusalOf("file_unreadable", "text", limits);
  const wrong = codeOfBytes(bytes);
  if (wrong) return refusalOf(wrong, "text", limits);
  const text = decoded(bytes);
  if (text === null) return refusalOf("file_not_utf8", "text", limits);
  return refusalOfText(text, limits) ?? { ok: true, text };
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
function codeOfBytes(bytes) {
  if (beginsWith(bytes, [0x25, 0x50, 0x44, 0x46])) return "file_pdf";
  if (beginsWith(bytes, [0xff, 0xfe]) || beginsWith(bytes, [0xfe, 0xff])) {
    return "file_utf16";
  }
  return bytes.includes(0) ? "file_binary" : null;
}

/**
 * @param {string} text
 * @param {Limits} limits
 */
function refusalOfText(text, limits) {
  if (!text.trim()) return refusalOf("file_empty", "text", limits);
  const characters = charactersIn(text);
  if (characters > limits.characters) {
    return refusalOf("file_too_long", "text", limits, characters);
  }
  const long = text.split("\n").find((line) => charactersIn(line) > limits.line);
  return long === undefined
    ? null
    : refusalOf("file_line_too_long", "text", limits, charactersIn(long));
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]} beginning
 */
function beginsWith(bytes, beginning) {
  return beginning.every((byte, index) => bytes[index] === byte);
}
