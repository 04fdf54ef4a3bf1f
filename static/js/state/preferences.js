/** How a person wants the page, remembered by their browser as one. */

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
  setItem(KEY, JSON.stringify({ ...read(), [name]: value }));
}

/** @returns {Record<string, unknown>} */
function read() {
  try {
    const kept = JSON.parse(getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {}; // it is not ours
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
    // It holds until the page is left.
  }
}

/** @param {string} key */
export function removeItem(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // There was nothing to forget.
  }
}
