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
export function part(panel, selector, type) {
  const element = panel.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`no ${type.name} at ${selector}`);
}
