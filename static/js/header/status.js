/** In a few words, always in sight: what the page is doing. */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page, Store } from "../state/store.js" */

import { networkId } from "../state/network_id.js";
import { requireElement } from "../ui/dom.js";

/** @typedef {"connecting" | "lost" | "compiling" | "learning" | "paused" | "recovered"} PageStatus */

/** Long enough to be noticed and read by someone who looks at the samples. */
const RECOVERED_MS = 8_000;

/** @type {Record<PageStatus, string>} */
const WORDS = {
  connecting: "Connecting",
  lost: "Connection lost, trying again",
  compiling: "Compiling, a few seconds",
  learning: "Learning",
  paused: "Paused",
  recovered: "Diverged, recovered at half the learning rate",
};
const RECOVERED_OFTEN = "Diverged, recovered at a lower learning rate";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const status = requireElement(element, ".status", HTMLElement);
  const words = requireElement(element, "#status", HTMLElement);
  const recovery = new Recovery(store, () => show());
  const show = () => {
    const current = statusOf(store.page, recovery.times);
    status.dataset.state = current;
    const said = recovery.times > 1 && current === "recovered" ? RECOVERED_OFTEN : WORDS[current];
    if (words.textContent !== said) words.textContent = said; // else it would be read out again
  };
  store.watch((page) => statusOf(page, 0), show);
}

/** How often the network has diverged in the last seconds. */
class Recovery {
  times = 0;
  #changed;
  /** @type {State | null} */
  #last = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #end;

  /**
   * @param {Store} store
   * @param {() => void} changed
   */
  constructor(store, changed) {
    this.#changed = changed;
    store.watch(
      ({ net }) => net,
      (net) => this.#look(net),
    );
  }

  /** @param {State | null} net */
  #look(net) {
    const last = this.#last;
    this.#last = net;
    if (!net || !last) return;
    if (networkId(net) !== networkId(last)) return this.#set(0);
    if (net.recoveries <= last.recoveries) return;
    this.#set(this.times + net.recoveries - last.recoveries);
    this.#end = setTimeout(() => this.#set(0), RECOVERED_MS);
  }

  /** @param {number} times */
  #set(times) {
    clearTimeout(this.#end);
    if (times === this.times) return;
    this.times = times;
    this.#changed();
  }
}

/**
 * @param {Page} page
 * @param {number} recoveries of late
 * @returns {PageStatus}
 */
function statusOf({ link, net }, recoveries) {
  if (link === "lost") return "lost";
  if (link !== "open" || !net) return "connecting";
  return recoveries && net.status === "learning" ? "recovered" : net.status;
}
