/** The elements of a page, and what belongs to each: being busy, being edited before it is mounted. */

/**
 * The element of a panel that a selector names. The page and its modules belong together, so that
 * a missing one is a mistake of ours.
 *
 * @template {Element} T
 * @param {Element} panel
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function requireElement(panel, selector, type) {
  const element = panel.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`no ${type.name} at ${selector}`);
}

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
export async function withBusy(button, work) {
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/**
 * Whether a person has filled an entry before its panel was there to hear of it: on a slow line the
 * page is drawn long before its scripts have come.
 *
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} entry
 */
export function wasEditedBeforeLoad(entry) {
  if (!(entry instanceof HTMLSelectElement)) return entry.value !== entry.defaultValue;
  const first = [...entry.options].find((option) => option.defaultSelected) ?? entry.options[0];
  return entry.value !== first?.value;
}

/**
 * Goes on once the browser has had its turn. Where it knows nothing of that, a timer does as well,
 * though it may be late in a tab that is not in front.
 *
 * @returns {Promise<void>}
 */
export function yieldToBrowser() {
  const { scheduler } = /** @type {{scheduler?: {yield?: () => Promise<void>}}} */ (globalThis);
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}
