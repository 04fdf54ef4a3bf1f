/** Whether what has been learnt is safe, and since when. */

/** @import { Connection } from "./connection.js" */
/** @import { Page } from "./store.js" */

import { part } from "./part.js";

const NOT_SAVED =
  "Not being saved: the server cannot write to its store. Training goes on, and saving comes back by itself.";

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
      trouble.textContent = saving ? "" : NOT_SAVED;
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
