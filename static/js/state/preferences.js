/** The user's preferences in localStorage, and access to it that never throws. */

const KEY = "charnn.preferences";

/**
 * The stored preference, or the fallback if there is none of its type.
 *
 * @template {string | number | boolean} T
 * @param {string} name
 * @param {T} fallback
 * @returns {T}
 */
export function get(name, fallback) {
  const stored = read()[name];
  return typeof stored === typeof fallback ? /** @type {T} */ (stored) : fallback;
}

/**
 * @param {string} name
 * @param {string | number | boolean} value
 */
export function set(name, value) {
  setItem(KEY, JSON.stringify({ ...read(), [name]: value }));
}

/** @returns {Record<string, unknown>} */
function read() {
  try {
    const stored = JSON.parse(getItem(KEY) ?? "{}");
    return typeof stored === "object" && stored !== null ? stored : {};
  } catch {
    return {}; // not written by this page
  }
}

/**
 * @param {string} key
 * @returns {string | null}
 */
export function getItem(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function setItem(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Not stored: it applies until the page is closed.
  }
}

/** @param {string} key */
export function removeItem(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was stored.
  }
}
