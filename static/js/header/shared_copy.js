/**
 * A link to a shared network has brought the person here. Who has no network yet begins with it;
 * everybody else is asked first, for it takes the place of theirs.
 */

/** @import { Connection } from "../net/connection.js" */

import { isBusy, requireElement, withBusy } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";
import { noticeOf } from "../messages.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const button = requireElement(element, "#open_shared", HTMLButtonElement);
  const id = element.dataset.copy ?? "";
  const show = (/** @type {"loading" | "ready" | "busy" | "refused" | "closed"} */ state) => {
    element.dataset.state = state;
  };

  /** @param {"copy_opened" | "network_kept"} outcome */
  const close = (outcome) => {
    const wasInside = element.contains(document.activeElement);
    element.hidden = true;
    show("closed");
    // A reload shows the person's own network from now on.
    history.replaceState(null, "", "/");
    store.notify(noticeOf("info", outcome));
    if (wasInside) document.getElementById("panel_controls")?.focus({ preventScroll: true });
  };
  const open = async () => {
    if (isBusy(button)) return;
    show("busy");
    const answer = await withBusy(button, () =>
      connection.request("open_shared", { id }, { id: "offer" }),
    );
    if (answer.ok) return close("copy_opened");
    show("refused");
    element.hidden = false; // what was wrong is in it, and the person may try again
  };

  show(element.hidden ? "loading" : "ready");
  bindFieldError(element, store, "offer", button);
  button.addEventListener("click", open);
  requireElement(element, "#keep_own", HTMLButtonElement).addEventListener("click", () =>
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
