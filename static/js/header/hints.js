/** What a first visit is told, until it is put away. */

import { part } from "../ui/dom.js";

/** @param {HTMLElement} element */
export function mount(element) {
  part(element, "#hints_seen", HTMLButtonElement).addEventListener("click", () => {
    part(element, "#hints", HTMLElement).hidden = true;
    part(element, "#heading_introduction", HTMLElement).focus();
  });
}
