/** Says at a field what is wrong with what was entered there. */

/** @import { Store } from "./store.js" */

import { part } from "./part.js";

/**
 * @param {Element} panel
 * @param {Store} store
 * @param {string} name of the fault in the store
 * @param {Element} entry where it is entered
 */
export function showFaults(panel, store, name, entry) {
  const place = part(panel, `#${name}_error`, HTMLElement);
  store.watch(
    (page) => page.faults[name] ?? "",
    (fault) => {
      place.textContent = fault;
      if (fault) entry.setAttribute("aria-invalid", "true");
      else entry.removeAttribute("aria-invalid");
    },
  );
}
