/** The switch between light, dark and what the system wishes. */

import { removeItem, getItem, setItem } from "../state/preferences.js";
import { requireElement } from "../ui/dom.js";

/** Where the choice is remembered; scheme.js reads it before the page is drawn. */
const KEY = "scheme";
const SYSTEM = "system";
/** Tells whatever has been drawn with the old colours that there are others now. */
const CHANGED = "schemechange";

/** @param {HTMLElement} element */
export function mount(element) {
  const select = requireElement(element, "#scheme", HTMLSelectElement);
  select.value = document.documentElement.dataset.scheme ?? SYSTEM;
  select.addEventListener("change", () => choose(select.value));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  // Other tabs of the page are to look the same.
  addEventListener("storage", ({ key }) => {
    if (key !== KEY) return;
    select.value = getItem(KEY) ?? SYSTEM;
    show(select.value);
  });
}

/** @param {string} scheme */
function choose(scheme) {
  if (scheme === SYSTEM) removeItem(KEY);
  else setItem(KEY, scheme);
  show(scheme);
}

/** @param {string} scheme */
function show(scheme) {
  if (scheme === SYSTEM) delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
  tell();
}

function tell() {
  dispatchEvent(new Event(CHANGED));
}
