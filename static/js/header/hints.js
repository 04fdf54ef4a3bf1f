/** The hints for a first visit, and the button that dismisses them. */

import { requireElement } from "../ui/dom.js";

/** @param {HTMLElement} element */
export function mount(element) {
  requireElement(element, "#hints_seen", HTMLButtonElement).addEventListener("click", () => {
    requireElement(element, "#hints", HTMLElement).hidden = true;
    requireElement(element, "#heading_introduction", HTMLElement).focus();
  });
}
