/**
 * How much of the running epoch is behind it. Where epochs take no time, a bar would only flicker:
 * then it is said how many there are in a second.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */

import { requireElement } from "../ui/dom.js";
import { networkId } from "../state/network_id.js";

const SECOND_MS = 1_000;
/** Epochs a second that a bar can still be followed at. */
const FASTEST = 0.5;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const bar = requireElement(element, "#epoch_progress", HTMLElement);
  const words = requireElement(element, "#epoch_speed", HTMLElement);
  /** @type {State | null} the network a second ago, or when it came */
  let before = null;

  const look = () => {
    const { net } = store.page;
    const epoch = net?.epoch ?? 0;
    const rate = Math.max(0, epoch - (before?.epoch ?? 0));
    before = net;
    bar.hidden = rate > FASTEST;
    words.textContent = rate > FASTEST ? `${inWords(rate)}/s` : "";
    bar.setAttribute("aria-valuenow", String(Math.floor((epoch % 1) * 100)));
    draw(epoch);
  };
  const draw = (/** @type {number} */ epoch) => {
    if (!bar.hidden) bar.style.setProperty("--share", String(epoch % 1));
  };
  setInterval(look, SECOND_MS);
  store.watch(
    (page) => page.net,
    (net) => {
      if (net && !(before && networkId(before) === networkId(net))) before = net; // it took no second to get here
      draw(net?.epoch ?? 0);
    },
  );
}

/** @param {number} rate */
function inWords(rate) {
  return rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
}
