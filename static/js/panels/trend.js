/**
 * How much the perplexity has changed in the last seconds. Said once a second, of means over a
 * second: from one frame to the next there is more noise than news.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page } from "../state/store.js" */

import { requireElement } from "../ui/dom.js";
import { networkId } from "../state/network_id.js";

const SECOND_MS = 1_000;
/** How far it looks back. */
const SECONDS = 10;
/** Fewer say nothing yet. */
const FEWEST = 2;
/** A change that the page's decimals cannot show. */
const NONE = 0.005;

/** @typedef {"down" | "up" | "level" | "none"} Direction */
/** @typedef {{direction: Direction, words: string}} Trend */

/** @type {Trend} */
const UNKNOWN = { direction: "none", words: "" };

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const place = requireElement(element, "#ppl_change", HTMLElement);
  const history = new History();
  store.watch(
    (page) => page.net,
    () => history.add(store.page),
  );
  setInterval(() => {
    const { direction, words } = history.next();
    place.dataset.direction = direction;
    if (place.textContent !== words) place.textContent = words;
  }, SECOND_MS);
}

/** Means of the perplexity, a second each, for as long as one network learns without a pause. */
class History {
  /** @type {State | null} */
  #net = null;
  /** @type {number[]} */
  #means = [];
  /** @type {number[]} */
  #second = [];

  /** @param {Page} page */
  add({ net }) {
    if (!net) return;
    const isAnother = this.#net !== null && networkId(this.#net) !== networkId(net);
    this.#net = net;
    if (isAnother || net.status !== "learning") {
      this.#means = [];
      this.#second = [];
    }
    if (net.status === "learning" && net.perplexity !== null) this.#second.push(net.perplexity);
  }

  /** A second is over: what can be said now. */
  next() {
    if (this.#second.length === 0) return this.#means.length ? this.#trend() : UNKNOWN;
    const sum = this.#second.reduce((sum, value) => sum + value, 0);
    this.#means = [...this.#means, sum / this.#second.length].slice(-SECONDS - 1);
    this.#second = [];
    return this.#trend();
  }

  /** @returns {Trend} */
  #trend() {
    const seconds = this.#means.length - 1;
    const change = (this.#means.at(-1) ?? 0) - (this.#means[0] ?? 0);
    if (seconds < FEWEST) return UNKNOWN;
    if (Math.abs(change) < NONE) return { direction: "level", words: `level for ${seconds} s` };
    return {
      direction: change < 0 ? "down" : "up",
      words: `${sizeOf(Math.abs(change))} in ${seconds} s`,
    };
  }
}

/** @param {number} change */
function sizeOf(change) {
  if (change >= 10_000) return change.toExponential(1);
  return change < 100 ? change.toFixed(2) : String(Math.round(change));
}
