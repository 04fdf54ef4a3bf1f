/** Whether what has been learnt is safe, and since when. */

/** @import { Connection } from "./connection.js" */
/** @import { Page } from "./store.js" */

import { tellFault } from "./fault.js";
import { faultOf } from "./messages.js";
import { part } from "./part.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const saved = part(element, "#saved", HTMLElement);
  const trouble = part(element, "#unsaved", HTMLElement);
  store.watch(savedAt, (words) => {
    saved.textContent = words;
  });
  store.watch(
    ({ net }) => net?.saving ?? true,
    (saving) => {
      trouble.hidden = saving;
      tellFault(trouble, saving ? null : faultOf("not_saving"));
    },
  );
}

/**
 * The time of the last save by this computer's clock, whatever the server's says.
 *
 * @param {Page} page
 */
function savedAt({ net, clockAhead }) {
  if (!net?.saved_at) return "";
  const time = new Date((net.saved_at + clockAhead) * 1000);
  return `Saved at ${time.toLocaleTimeString([], { timeStyle: "medium" })}`;
}
