/** Reads a text file, and refuses one that cannot be used. */

/** @import { ErrorResult } from "../protocol" */

import { refusalOf } from "../messages.js";

/** @typedef {{characters: number, line: number}} Limits the maximum characters of a text and of a line */

/** In UTF-8. */
const MAX_CHARACTER_BYTES = 4;
const BYTE_ORDER_MARK = 3;

/**
 * @param {File} file
 * @param {Limits} limits
 * @returns {Promise<{ok: true, text: string} | ErrorResult>}
 */
export async function readText(file, limits) {
  if (file.size > MAX_CHARACTER_BYTES * limits.characters + BYTE_ORDER_MARK) {
    return refusalOf("file_too_large", "text", limits, file.size);
  }
  const bytes = await bytesOf(file);
  if (!bytes) return refusalOf("file_unreadable", "text", limits);
  const code = codeOfBytes(bytes);
  if (code) return refusalOf(code, "text", limits);
  const text = decode(bytes);
  if (text === null) return refusalOf("file_not_utf8", "text", limits);
  return refusalOfText(text, limits) ?? { ok: true, text };
}

/**
 * The number of code points, which is how the server counts characters.
 *
 * @param {string} text
 */
export function charactersIn(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * The content of a file; null if it is a folder or no longer exists.
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
 * The text of UTF-8 bytes, without a byte order mark and with the line ends of a textarea.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes */
function codeOfBytes(bytes) {
  if (startsWith(bytes, [0x25, 0x50, 0x44, 0x46])) return "file_pdf";
  if (startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff])) {
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
  const longLine = text.split("\n").find((line) => charactersIn(line) > limits.line);
  return longLine === undefined
    ? null
    : refusalOf("file_line_too_long", "text", limits, charactersIn(longLine));
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]} prefix
 */
function startsWith(bytes, prefix) {
  return prefix.every((byte, index) => bytes[index] === byte);
}
