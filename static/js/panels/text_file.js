/** Reads text files: the server does, in any encoding and compression; the page only sends them. */

/** @import { Connection } from "../net/connection.js" */
/** @import { ErrorResult } from "../protocol" */

import { refusalOf } from "../messages.js";

/** Bytes in which a saved model names its sizes. */
const MODEL_START = 2_000;

/**
 * The text of files, in the order of their names.
 *
 * @param {File[]} files
 * @param {Connection} connection
 * @param {number} most bytes of a file
 * @returns {Promise<{ok: true, text: string, remarks: string[]} | ErrorResult>}
 */
export async function readTexts(files, connection, most) {
  const [texts, remarks] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])];
  for (const file of files.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (file.size > most) return refusalOf("file_too_large", "text", file.name, most);
    if ((await beginningOf(file)) === null) return refusalOf("file_unreadable", "text", file.name);
    const answer = await connection.readTextFile(file);
    if (!answer.ok) return answer;
    texts.push(answer.text);
    remarks.push(...answer.remarks);
  }
  return { ok: true, text: texts.join("\n"), remarks };
}

/**
 * Whether a file looks like a saved model, which may be larger than any text.
 *
 * @param {File} file
 */
export async function isModel(file) {
  const beginning = (await beginningOf(file)) ?? "";
  return beginning.trimStart().startsWith("{") && beginning.includes('"hidden_sizes"');
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
 * The beginning of a file; null if it is a folder or no longer exists.
 *
 * @param {File} file
 */
async function beginningOf(file) {
  try {
    return await file.slice(0, MODEL_START).text();
  } catch {
    return null;
  }
}
