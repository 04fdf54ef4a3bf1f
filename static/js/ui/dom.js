/** Helpers for elements. */

/**
 * The element of a panel that matches a selector. Throws if missing: markup and scripts ship together.
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
 * A new element with a class and a text.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} className
 * @param {string} [text]
 */
export function newElement(name, className, text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

/**
 * A new SVG element.
 *
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number>} attributes
 */
export function newShape(name, attributes) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, String(value));
  return shape;
}

/**
 * Whether a button's request is in flight: the second click of a double click does nothing.
 *
 * @param {HTMLElement} button
 */
export function isBusy(button) {
  return button.hasAttribute("aria-busy");
}

/**
 * The result of the work, during which the button is busy.
 *
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
 * Call back when an element enters or leaves the viewport, and when its tab is shown or hidden.
 *
 * @param {HTMLElement} element
 * @param {(isVisible: boolean) => void} onChange
 */
export function watchVisibility(element, onChange) {
  let inViewport = false;
  const report = () => onChange(inViewport && !document.hidden);
  const observer = new IntersectionObserver((changes) => {
    inViewport = changes.at(-1)?.isIntersecting ?? false;
    report();
  });
  observer.observe(element);
  document.addEventListener("visibilitychange", report);
}

/**
 * Whether the user edited a field before its panel was mounted: on a slow connection, the page is
 * painted long before its scripts arrive.
 *
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} field
 */
export function wasEditedBeforeLoad(field) {
  if (!(field instanceof HTMLSelectElement)) return field.value !== field.defaultValue;
  const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return field.value !== first?.value;
}

/**
 * Resolves after the browser has handled rendering and input; without `scheduler`, after a timer.
 *
 * @returns {Promise<void>}
 */
export function yieldToBrowser() {
  const { scheduler } = /** @type {{scheduler?: {yield?: () => Promise<void>}}} */ (globalThis);
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}
