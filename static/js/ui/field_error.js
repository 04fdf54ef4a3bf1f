/** Says at a field what is wrong with what was entered there. */

/** @import { Fault } from "../messages.js" */
/** @import { Store } from "../state/store.js" */

import { requireElement } from "./dom.js";

/**
 * @param {Element} panel
 * @param {Store} store
 * @param {string} name of the fault in the store
 * @param {Element} entry where it is entered
 */
export function bindFieldError(panel, store, name, entry) {
  const place = requireElement(panel, `#${name}_error`, HTMLElement);
  store.watch(
    (page) => page.fieldErrors[name] ?? null,
    (fault) => {
      showFault(place, fault);
      if (fault) entry.setAttribute("aria-invalid", "true");
      else entry.removeAttribute("aria-invalid");
    },
  );
}

/**
 * Write what is wrong into its place, with its code for those who ask for no words.
 *
 * @param {HTMLElement} place
 * @param {Fault | null} fault
 */
export function showFault(place, fault) {
  place.textContent = fault?.message ?? "";
  if (fault) place.dataset.code = fault.code;
  else delete place.dataset.code;
}
