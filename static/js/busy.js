/** A button shows that it was pressed for as long as what it asked for is under way. */

/**
 * Whether what a button asked for is under way: a second press of a double click asks for nothing.
 *
 * @param {HTMLElement} button
 */
export function isBusy(button) {
  return button.hasAttribute("aria-busy");
}

/**
 * @template T
 * @param {HTMLElement} button
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function whileBusy(button, work) {
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
