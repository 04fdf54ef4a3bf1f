/**
 * The sentences of the page's own refusals and notices, by the code that programs know them by.
 * The server's come with codes of its own.
 */

/** @import { Notice, ErrorResult } from "./protocol" */
/** @import { Limits } from "./panels/text_file.js" */

/** @typedef {{code: string, message: string}} Fault what is wrong: for programs, and for the person */

const MESSAGES = {
  // the connection
  not_connected:
    "The connection to the server is lost, so nothing was changed. The page reconnects automatically.",
  no_answer: "The server did not answer. Please try again.",
  needs_token: "The server requires an access token now. Reload this page to enter it.",
  proxy_too_large: "This file is larger than a proxy in front of the server allows.",
  proxy_error: (/** @type {number} */ status) =>
    `The server could not be reached: a proxy answered with error ${status}. Please try again.`,

  // the network
  undo_available: "The previous network is kept for five minutes.",
  not_saving:
    "Not saved: the server cannot write to its database. Training continues, and the server retries saving.",
  network_diverged: "The network has diverged.",
  letters_diverged: "The letter vectors are not finite: the network has diverged.",
  replaced_while_checking:
    "The network was replaced while its gradients were checked. Please check the new one.",
  copy_opened: "This is your own copy of the shared network now, and it continues training.",
  network_kept: "You have kept your network.",

  // what is typed
  prime_empty: "There is nothing to complete: type a beginning.",
  reading_empty: "There is nothing to read: type a text, or use a sample or a training line.",

  // models as files
  model_too_large_to_show: "This model is too large for the box: use download, which has no limit.",
  model_file_too_large: (/** @type {number} */ most) =>
    `This file is too large to be a model that can be trained here: ${inWords(most)} bytes is the limit.`,

  // texts as files
  several_files: (/** @type {Limits} */ limits) =>
    `These are several files: choose one. ${allowed(limits)}`,
  file_too_large: (/** @type {Limits} */ limits, /** @type {number} */ bytes) =>
    `This file is too large: it has ${inWords(bytes)} bytes. ${allowed(limits)}`,
  file_unreadable: (/** @type {Limits} */ limits) =>
    `This file cannot be read: choose one that you may read. ${allowed(limits)}`,
  file_pdf: (/** @type {Limits} */ limits) => `This is a PDF. ${allowed(limits)}`,
  file_utf16: (/** @type {Limits} */ limits) =>
    `This file is in UTF-16: save it in UTF-8. ${allowed(limits)}`,
  file_binary: (/** @type {Limits} */ limits) => `This file is not a text. ${allowed(limits)}`,
  file_not_utf8: (/** @type {Limits} */ limits) => `This file is not in UTF-8. ${allowed(limits)}`,
  file_empty: (/** @type {Limits} */ limits) =>
    `There is no sentence in this file. ${allowed(limits)}`,
  file_too_long: (/** @type {Limits} */ limits, /** @type {number} */ characters) =>
    `This file is too long: it has ${inWords(characters)} characters. ${allowed(limits)}`,
  file_line_too_long: (/** @type {Limits} */ limits, /** @type {number} */ characters) =>
    `A line of this file has ${inWords(characters)} characters. ${allowed(limits)}`,
};

/** @typedef {keyof typeof MESSAGES} Code */
/**
 * What the sentence of a code is about.
 *
 * @template {Code} C
 * @typedef {(typeof MESSAGES)[C] extends (...details: infer D) => string ? D : []} Details
 */

/**
 * @template {Code} C
 * @param {C} code
 * @param {Details<C>} details
 * @returns {Fault}
 */
export function faultOf(code, ...details) {
  /** @type {string | ((...details: any[]) => string)} */
  const message = MESSAGES[code];
  return { code, message: typeof message === "string" ? message : message(...details) };
}

/**
 * A refusal of the page's own, as the server's are.
 *
 * @template {Code} C
 * @param {C} code
 * @param {string | null} field at fault
 * @param {Details<C>} details
 * @returns {ErrorResult}
 */
export function refusalOf(code, field, ...details) {
  const { message } = faultOf(code, ...details);
  return { ok: false, code, error: message, field };
}

/**
 * @template {Code} C
 * @param {Notice["level"]} level
 * @param {C} code
 * @param {Details<C>} details
 * @returns {Notice}
 */
export function noticeOf(level, code, ...details) {
  return { level, ...faultOf(code, ...details) };
}

/**
 * What a refusal says.
 *
 * @param {ErrorResult} refused
 * @returns {Fault}
 */
export function faultIn({ code, error }) {
  return { code, message: error };
}

/** @param {Limits} limits */
function allowed({ characters, line }) {
  return `Allowed: UTF-8 text, one sentence per line, up to ${inWords(characters)} characters, lines up to ${inWords(line)}.`;
}

/** @param {number} number */
function inWords(number) {
  return number.toLocaleString("en");
}
