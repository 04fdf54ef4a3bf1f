/** Shows errors at the field that they concern. */

/** @import { PageError } from "../messages.js" */
/** @import { Store } from "../state/store.js" */

import { requireElement } from "./dom.js";

/**
 * Show the store's error of this name at its field.
 *
 * @param {Element} panel
 * @param {Store} store
 * @param {string} name of the error in the store
 * @param {Element} field
 */
export function bindFieldError(panel, store, name, field) {
  const element = requireElement(panel, `#${name}_error`, HTMLElement);
  store.watch(
    (page) => page.fieldErrors[name] ?? null,
    (error) => {
      showError(element, error);
      if (error) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    },
  );
}

/**
 * Show an error's message, with its code in `data-code`; null clears both.
 *
 * @param {HTMLElement} element
 * @param {PageError | null} error
 */
export function showError(element, error) {
  element.textContent = error?.message ?? "";
  if (error) element.dataset.code = error.code;
  else delete element.dataset.code;
}
