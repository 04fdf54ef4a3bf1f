/** Undo: restores the network that was replaced, from a button or a notice. */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */

import { isBusy, withBusy } from "../ui/dom.js";
import { noticeOf } from "../messages.js";

/** @type {Record<NonNullable<State["undoable"]>, string>} */
const LABELS = {
  restart: "undo: restore previous network",
  load: "undo: restore previous network",
  undo: "redo",
};

/**
 * @param {HTMLElement} element holds the buttons
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const buttons = element.querySelectorAll("button.undo");
  const undo = () => connection.request("undo", {});

  for (const button of buttons) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener("click", () => {
      if (!isBusy(button)) withBusy(button, undo); // a second undo would redo
    });
    store.watch(
      ({ net }) => net?.undoable ?? null,
      (undoable) => {
        button.dataset.state = undoable ?? "empty";
        button.hidden = undoable === null;
        if (undoable) button.textContent = LABELS[undoable];
      },
    );
  }

  /** @type {State | null} */
  let last = null;
  store.watch(
    ({ net }) => net,
    (net) => {
      if (net && wasReplaced(net, last)) {
        const action = { label: LABELS.restart, run: undo };
        store.notify({ ...noticeOf("info", "undo_available"), action });
      } else if (net?.undoable !== last?.undoable) store.removeNotice("undo_available");
      last = net;
    },
  );
}

/**
 * Whether the network was replaced while this page was open.
 *
 * @param {State} net
 * @param {State | null} last
 */
function wasReplaced(net, last) {
  if (!last || net.session !== last.session || net.version === last.version) return false;
  return net.undoable === "restart" || net.undoable === "load";
}
