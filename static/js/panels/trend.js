/**
 * The change of the perplexity in the last seconds, between means over one second: single frames are
 * too noisy.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page } from "../state/store.js" */

import { lossIn } from "../loss.js";
import { requireElement } from "../ui/dom.js";
import { networkId } from "../state/network_id.js";

const SECOND_MS = 1_000;
/** The length of the window. */
const WINDOW_SECONDS = 10;
/** Fewer are not enough for a trend. */
const MIN_SECONDS = 2;
/** Smaller changes would be shown as 0.00. */
const MIN_CHANGE = 0.005;

/** @typedef {"down" | "up" | "level" | "none"} Direction */
/** @typedef {{direction: Direction, text: string}} Trend */

/** @type {Trend} */
const NO_TREND = { direction: "none", text: "" };

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const output = requireElement(element, "#ppl_change", HTMLElement);
  const history = new History();
  store.watch(
    (page) => page.net,
    () => history.add(store.page),
  );
  setInterval(() => {
    const { direction, text } = history.next();
    output.dataset.direction = direction;
    if (output.textContent !== text) output.textContent = text;
  }, SECOND_MS);
}

/** Means of the perplexity over each second, since the network was created or resumed. */
class History {
  /** @type {State | null} */
  #net = null;
  #unit = "perplexity";
  /** @type {number[]} */
  #means = [];
  /** @type {number[]} */
  #second = [];

  /** @param {Page} page */
  add({ net, lossUnit }) {
    if (!net) return;
    const isNewNetwork = this.#net !== null && networkId(this.#net) !== networkId(net);
    const isOtherUnit = this.#unit !== lossUnit;
    this.#net = net;
    this.#unit = lossUnit;
    if (isNewNetwork || isOtherUnit || net.status !== "learning") {
      this.#means = [];
      this.#second = [];
    }
    if (net.status !== "learning" || net.perplexity === null) return;
    this.#second.push(lossIn(net.perplexity, lossUnit));
  }

  /** The trend after another second. */
  next() {
    if (this.#second.length === 0) return this.#means.length ? this.#trend() : NO_TREND;
    const sum = this.#second.reduce((sum, value) => sum + value, 0);
    this.#means = [...this.#means, sum / this.#second.length].slice(-WINDOW_SECONDS - 1);
    this.#second = [];
    return this.#trend();
  }

  /** @returns {Trend} */
  #trend() {
    const seconds = this.#means.length - 1;
    const change = (this.#means.at(-1) ?? 0) - (this.#means[0] ?? 0);
    if (seconds < MIN_SECONDS) return NO_TREND;
    if (Math.abs(change) < MIN_CHANGE)
      return { direction: "level", text: `level for ${seconds} s` };
    return {
      direction: change < 0 ? "down" : "up",
      text: `${format(Math.abs(change))} in ${seconds} s`,
    };
  }
}

/** @param {number} change */
function format(change) {
  if (change >= 10_000) return change.toExponential(1);
  return change < 100 ? change.toFixed(2) : String(Math.round(change));
}
