/** The greedy argmax prediction. */

/** @import { Connection } from "../net/connection.js" */

import { requireElement } from "../ui/dom.js";
import { observeWidth, setText } from "../ui/stable_text.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const output = requireElement(element, "#argmax .apred", HTMLElement);
  observeWidth(output);
  store.watch(
    (page) => page.net?.greedy ?? "",
    (sentence) => setText(output, sentence),
  );
}
