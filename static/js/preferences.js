/** How a person wants the page, remembered by their browser as one. */

import { recall, remember } from "./memory.js";

const KEY = "charnn.preferences";

/**
 * What was preferred; the fallback where nothing was, or nothing of its type.
 *
 * @template {string | number | boolean} T
 * @param {string} name
 * @param {T} fallback
 * @returns {T}
 */
export function get(name, fallback) {
  const kept = read()[name];
  return typeof kept === typeof fallback ? /** @type {T} */ (kept) : fallback;
}

/**
 * @param {string} name
 * @param {string | number | boolean} value
 */
export function set(name, value) {
  remember(KEY, JSON.stringify({ ...read(), [name]: value }));
}

/** @returns {Record<string, unknown>} */
function read() {
  try {
    const kept = JSON.parse(recall(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {}; // it is not ours
  }
}
