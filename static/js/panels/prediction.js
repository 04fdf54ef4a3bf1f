/** What the network writes when it takes the likeliest character every time. */

/** @import { Connection } from "../net/connection.js" */

import { requireElement } from "../ui/dom.js";
import { observeWidth, setText } from "../ui/stable_text.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const place = requireElement(element, "#argmax .apred", HTMLElement);
  observeWidth(place);
  store.watch(
    (page) => page.net?.greedy ?? "",
    (sentence) => setText(place, sentence),
  );
}
