/**
 * A link to a shared network has brought the person here. Who has no network yet begins with it;
 * everybody else is asked first, for it takes the place of theirs.
 */

/** @import { Connection } from "./connection.js" */

import { showFaults } from "./fault.js";
import { noticeOf } from "./messages.js";
import { part } from "./part.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const button = part(element, "#open_shared", HTMLButtonElement);
  const id = element.dataset.copy ?? "";
  let asking = false;

  /** @param {"copy_opened" | "network_kept"} outcome */
  const close = (outcome) => {
    const wasInside = element.contains(document.activeElement);
    element.hidden = true;
    // A reload shows the person's own network from now on.
    history.replaceState(null, "", "/");
    store.notify(noticeOf("info", outcome));
    if (wasInside) document.getElementById("panel_controls")?.focus({ preventScroll: true });
  };
  const open = async () => {
    if (asking) return;
    asking = true;
    button.setAttribute("aria-busy", "true");
    const answer = await connection.ask("open_shared", { id }, { id: "offer" });
    asking = false;
    button.removeAttribute("aria-busy");
    if (answer.ok) close("copy_opened");
    else element.hidden = false; // what was wrong is in it, and the person may try again
  };

  showFaults(element, store, "offer", button);
  button.addEventListener("click", open);
  part(element, "#keep_own", HTMLButtonElement).addEventListener("click", () =>
    close("network_kept"),
  );
  if (!("new" in element.dataset)) return;
  store.watch(
    ({ net }) => net !== null,
    (isThere) => {
      if (isThere && element.hidden) open();
    },
  );
}
