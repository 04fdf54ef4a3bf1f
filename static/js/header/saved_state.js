/** When the network was last saved, and a warning if saving fails. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Page } from "../state/store.js" */

import { showError } from "../ui/field_error.js";
import { errorOf } from "../messages.js";
import { requireElement } from "../ui/dom.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const saved = requireElement(element, "#saved", HTMLElement);
  const warning = requireElement(element, "#unsaved", HTMLElement);
  const time = document.createElement("time");
  store.watch(savedAt, (seconds) => {
    saved.dataset.state = seconds === null ? "empty" : "shown";
    saved.replaceChildren();
    if (seconds === null) return;
    const date = new Date(seconds * 1000);
    time.dateTime = date.toISOString();
    time.textContent = date.toLocaleTimeString([], { timeStyle: "medium" });
    saved.append("Saved at ", time);
  });
  store.watch(
    ({ net }) => net?.saving ?? true,
    (saving) => {
      warning.hidden = saving;
      showError(warning, saving ? null : errorOf("not_saving"));
    },
  );
}

/**
 * The time of the last save by this computer's clock, in seconds; null if there is none.
 *
 * @param {Page} page
 */
function savedAt({ net, clockAhead }) {
  return net?.saved_at ? Math.floor(net.saved_at + clockAhead) : null;
}
