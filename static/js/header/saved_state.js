/** Whether the network is saved, and since when. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Page } from "../state/store.js" */

import { showFault } from "../ui/field_error.js";
import { faultOf } from "../messages.js";
import { requireElement } from "../ui/dom.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const saved = requireElement(element, "#saved", HTMLElement);
  const trouble = requireElement(element, "#unsaved", HTMLElement);
  const time = document.createElement("time");
  store.watch(savedAt, (at) => {
    saved.dataset.state = at === null ? "empty" : "shown";
    saved.replaceChildren();
    if (at === null) return;
    const date = new Date(at * 1000);
    time.dateTime = date.toISOString();
    time.textContent = date.toLocaleTimeString([], { timeStyle: "medium" });
    saved.append("Saved at ", time);
  });
  store.watch(
    ({ net }) => net?.saving ?? true,
    (saving) => {
      trouble.hidden = saving;
      showFault(trouble, saving ? null : faultOf("not_saving"));
    },
  );
}

/**
 * The second of the last save by this computer's clock, whatever the server's says; null if none.
 *
 * @param {Page} page
 */
function savedAt({ net, clockAhead }) {
  return net?.saved_at ? Math.floor(net.saved_at + clockAhead) : null;
}
