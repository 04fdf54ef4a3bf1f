/**
 * How much of the running epoch is behind it. Where epochs take no time, a bar would only flicker:
 * then it is said how many there are in a second.
 */

/** @import { Connection } from "./connection.js" */

import { part } from "./part.js";

const SECOND_MS = 1_000;
/** Epochs a second that a bar can still be followed at. */
const FASTEST = 0.5;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const bar = part(element, "#epoch_progress", HTMLElement);
  const words = part(element, "#epoch_speed", HTMLElement);
  let last = 0;

  const look = () => {
    const epoch = store.page.net?.epoch ?? 0;
    const rate = Math.max(0, epoch - last); // less: it was another network's
    last = epoch;
    bar.hidden = rate > FASTEST;
    words.textContent = rate > FASTEST ? `${inWords(rate)}/s` : "";
    bar.setAttribute("aria-valuenow", String(Math.floor((epoch % 1) * 100)));
    draw(epoch);
  };
  const draw = (/** @type {number} */ epoch) => {
    if (!bar.hidden) bar.style.setProperty("--share", String(epoch % 1));
  };
  setInterval(look, SECOND_MS);
  store.watch((page) => page.net?.epoch ?? 0, draw);
}

/** @param {number} rate */
function inWords(rate) {
  return rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
}
