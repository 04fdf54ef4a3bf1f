/**
 * The offer to open a shared network. It opens at once for a new user; others confirm first, because
 * it replaces their network.
 */

/** @import { Connection } from "../net/connection.js" */

import { serverPath } from "../net/http.js";
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
  const id = location.pathname.split("/").at(-1) ?? ""; // the address of the page is the link
  const setState = (/** @type {"loading" | "ready" | "busy" | "refused" | "closed"} */ state) => {
    element.dataset.state = state;
  };

  /** @param {"copy_opened" | "network_kept"} noticeCode */
  const close = (noticeCode) => {
    const hadFocus = element.contains(document.activeElement);
    element.hidden = true;
    setState("closed");
    // From now on a reload shows the user's own network.
    history.replaceState(null, "", serverPath("/"));
    store.notify(noticeOf("info", noticeCode));
    if (hadFocus) document.getElementById("panel_controls")?.focus({ preventScroll: true });
  };
  const open = async () => {
    if (isBusy(button)) return;
    setState("busy");
    const answer = await withBusy(button, () =>
      connection.request("open_shared", { id }, { id: "offer" }),
    );
    if (answer.ok) return close("copy_opened");
    setState("refused");
    element.hidden = false; // it shows the error and allows a retry
  };

  setState(element.hidden ? "loading" : "ready");
  bindFieldError(element, store, "offer", button);
  button.addEventListener("click", open);
  requireElement(element, "#keep_own", HTMLButtonElement).addEventListener("click", () =>
    close("network_kept"),
  );
  if (!("new" in element.dataset)) return;
  store.watch(
    ({ net }) => net !== null,
    (hasNetwork) => {
      if (hasNetwork && element.hidden) open();
    },
  );
}
