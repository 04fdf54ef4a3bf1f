/** Reads text files: the server does, in any encoding and compression; the page only sends them. */

/** @import { Connection } from "../net/connection.js" */
/** @import { ErrorResult, StoredText } from "../protocol" */

import { isLong } from "../net/http.js";
import { refusalOf } from "../messages.js";

/** Bytes in which a saved model names its sizes. */
const MODEL_START = 2_000;

/** @typedef {{ok: true, text: string, stored: StoredText | null, remarks: string[]}} TextRead */
/** @typedef {(file: File, share: number) => void} FileProgress */

/**
 * The text of files, in the order of their names; its beginning if it is stored.
 *
 * @param {File[]} files
 * @param {Connection} connection
 * @param {number} most bytes of a file
 * @param {FileProgress} [onProgress]
 * @returns {Promise<TextRead | ErrorResult>}
 */
export async function readTexts(files, connection, most, onProgress = () => {}) {
  for (const file of files) {
    if (file.size > most) return refusalOf("file_too_large", "text", file.name, most);
    if ((await beginningOf(file)) === null) return refusalOf("file_unreadable", "text", file.name);
  }
  const [first, ...others] = files.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (!first) return { ok: true, text: "", stored: null, remarks: [] };
  const read = (/** @type {File} */ file, whole = false) =>
    connection.readTextFile(file, { whole, onProgress: (share) => onProgress(file, share) });
  if (others.length === 0) return read(first);
  return join([first, ...others], read);
}

/**
 * @param {File[]} files
 * @param {(file: File, whole?: boolean) => ReturnType<Connection["readTextFile"]>} read
 * @returns {Promise<TextRead | ErrorResult>}
 */
async function join(files, read) {
  const [texts, remarks] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])];
  for (const file of files) {
    const answer = await read(file, true);
    if (!answer.ok) return answer;
    texts.push(answer.text);
    remarks.push(...answer.remarks);
  }
  const text = texts.join("\n");
  if (!isLong(text)) return { ok: true, text, stored: null, remarks };
  const answer = await read(new File([text], `${files[0]?.name}, …`));
  return answer.ok ? { ...answer, remarks } : answer;
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
