/**
 * The progress of the current epoch. Where epochs are so short that a bar would flicker, it shows epochs
 * per second instead.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */

import { requireElement } from "../ui/dom.js";
import { networkId } from "../state/network_id.js";

const SECOND_MS = 1_000;
/** Epochs per second up to which a bar is readable. */
const MAX_BAR_RATE = 0.5;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const bar = requireElement(element, "#epoch_progress", HTMLElement);
  const rateText = requireElement(element, "#epoch_speed", HTMLElement);
  /** @type {State | null} the state a second ago, or the first of a network */
  let last = null;

  const update = () => {
    const { net } = store.page;
    const epoch = net?.epoch ?? 0;
    const rate = Math.max(0, epoch - (last?.epoch ?? 0));
    last = net;
    bar.hidden = rate > MAX_BAR_RATE;
    rateText.textContent = rate > MAX_BAR_RATE ? `${format(rate)}/s` : "";
    bar.setAttribute("aria-valuenow", String(Math.floor((epoch % 1) * 100)));
    draw(epoch);
  };
  const draw = (/** @type {number} */ epoch) => {
    if (!bar.hidden) bar.style.setProperty("--share", String(epoch % 1));
  };
  setInterval(update, SECOND_MS);
  store.watch(
    (page) => page.net,
    (net) => {
      if (net && !(last && networkId(last) === networkId(net))) last = net; // else the rate would count from zero
      draw(net?.epoch ?? 0);
    },
  );
}

/** @param {number} rate */
function format(rate) {
  return rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
}
