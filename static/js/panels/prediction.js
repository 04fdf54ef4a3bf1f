/** What the network writes when it takes the likeliest character every time. */

/** @import { Connection } from "../net/connection.js" */

import { part } from "../ui/dom.js";
import { prepare, write } from "../ui/stable_text.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const place = part(element, "#argmax .apred", HTMLElement);
  prepare(place);
  store.watch(
    (page) => page.net?.greedy ?? "",
    (sentence) => write(place, sentence),
  );
}
