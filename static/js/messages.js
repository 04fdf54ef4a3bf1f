/**
 * The texts of the page's own errors and notices, by code. The server sends its own texts and codes.
 */

/** @import { Notice, ErrorResult } from "./protocol" */

/** @typedef {{code: string, message: string}} PageError a code for programs, a message for people */

const MESSAGES = {
  // the connection
  not_connected:
    "The connection to the server is lost, so nothing was changed. The page reconnects automatically.",
  no_answer: "The server did not answer. Please try again.",
  needs_token: "The server requires an access token now. Reload this page to enter it.",
  proxy_too_large: "This file is larger than a proxy in front of the server allows.",
  proxy_error: (/** @type {number} */ status) =>
    `The server could not be reached: a proxy answered with error ${status}. Please try again.`,

  session_lost:
    "The server has lost your session and started a new network. Your text and options are still here: press learn to train on them again.",

  // the network
  undo_available: "The previous network is kept for five minutes.",
  not_saving:
    "Not saved: the server cannot write to its database. Training continues, and the server retries saving.",
  network_diverged: "The network has diverged.",
  letters_diverged: "The letter vectors are not finite: the network has diverged.",
  replaced_while_checking:
    "The network was replaced during the gradient check. Please check the new one.",
  copy_opened: "This is now your own copy of the shared network. It continues training.",
  network_kept: "Your network is unchanged.",

  // typed text
  prime_empty: "Nothing to complete: type a prompt.",
  reading_empty: "Nothing to read: type a text, or use a sample or a training line.",

  // model files
  model_too_large_to_show:
    "This model is too large for the box. Use download: it has no size limit.",
  model_file_too_large: (/** @type {number} */ max) =>
    `This file is too large: a model may have at most ${format(max)} bytes.`,

  // text files
  file_too_large: (/** @type {string} */ name, /** @type {number} */ max) =>
    `${name} is too large: a text file may have at most ${format(max)} bytes.`,
  file_unreadable: (/** @type {string} */ name) =>
    `The browser cannot read ${name}: choose files, not folders.`,
};

/** @typedef {keyof typeof MESSAGES} Code */
/**
 * The values that the text of a code takes.
 *
 * @template {Code} C
 * @typedef {(typeof MESSAGES)[C] extends (...details: infer D) => string ? D : []} Details
 */

/**
 * The error with this code.
 *
 * @template {Code} C
 * @param {C} code
 * @param {Details<C>} details
 * @returns {PageError}
 */
export function errorOf(code, ...details) {
  /** @type {string | ((...details: any[]) => string)} */
  const message = MESSAGES[code];
  return { code, message: typeof message === "string" ? message : message(...details) };
}

/**
 * A refusal by the page, in the server's format.
 *
 * @template {Code} C
 * @param {C} code
 * @param {string | null} field with the error
 * @param {Details<C>} details
 * @returns {ErrorResult}
 */
export function refusalOf(code, field, ...details) {
  const { message } = errorOf(code, ...details);
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
  return { level, ...errorOf(code, ...details) };
}

/**
 * The error of a refusal.
 *
 * @param {ErrorResult} refused
 * @returns {PageError}
 */
export function errorFrom({ code, error }) {
  return { code, message: error };
}

/** @param {number} number */
function format(number) {
  return number.toLocaleString("en");
}
