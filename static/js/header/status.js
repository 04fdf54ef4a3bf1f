/** The status in the header: connection, compilation, training, divergence. */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page, Store } from "../state/store.js" */

import { networkId } from "../state/network_id.js";
import { requireElement } from "../ui/dom.js";

/**
 * @typedef {"connecting" | "lost" | "refused" | "compiling" | "learning" | "paused" | "recovered"
 *   | "diverged" | "over_limit" | "failed"} PageStatus
 */

const ROLLBACK_SHOWN_MS = 8_000;

/** @type {Record<PageStatus, string>} */
const TEXTS = {
  connecting: "Connecting",
  lost: "Connection lost, reconnecting",
  refused: "Connection refused, retrying",
  compiling: "Compiling for this processor",
  learning: "Training",
  paused: "Paused",
  diverged: "Paused: it keeps diverging",
  over_limit: "Paused: too large to train here",
  failed: "Paused: training failed",
  recovered: "Diverged: rolled back, learning rate halved",
};
const ROLLED_BACK_OFTEN = "Diverged: rolled back, learning rate reduced";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const status = requireElement(element, ".status", HTMLElement);
  const label = requireElement(element, "#status", HTMLElement);
  const rollbacks = new RecentRollbacks(store, () => show());
  const show = () => {
    const current = statusOf(store.page, rollbacks.count);
    status.dataset.state = current;
    const text =
      rollbacks.count > 1 && current === "recovered" ? ROLLED_BACK_OFTEN : TEXTS[current];
    if (label.textContent !== text) label.textContent = text; // else it would be announced again
  };
  store.watch((page) => statusOf(page, 0), show);
}

/** The number of rollbacks in the last seconds. */
class RecentRollbacks {
  count = 0;
  #onChange;
  /** @type {State | null} */
  #last = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Store} store
   * @param {() => void} onChange
   */
  constructor(store, onChange) {
    this.#onChange = onChange;
    store.watch(
      ({ net }) => net,
      (net) => this.#update(net),
    );
  }

  /** @param {State | null} net */
  #update(net) {
    const last = this.#last;
    this.#last = net;
    if (!net || !last) return;
    if (networkId(net) !== networkId(last)) return this.#set(0);
    if (net.recoveries <= last.recoveries) return;
    this.#set(this.count + net.recoveries - last.recoveries);
    this.#timer = setTimeout(() => this.#set(0), ROLLBACK_SHOWN_MS);
  }

  /** @param {number} count */
  #set(count) {
    clearTimeout(this.#timer);
    if (count === this.count) return;
    this.count = count;
    this.#onChange();
  }
}

/**
 * @param {Page} page
 * @param {number} rollbacks in the last seconds
 * @returns {PageStatus}
 */
function statusOf({ link, net }, rollbacks) {
  if (link === "lost" || link === "refused") return link;
  if (link !== "open" || !net) return "connecting";
  if (net.pause_reason) return net.pause_reason;
  return rollbacks && net.status === "learning" ? "recovered" : net.status;
}
