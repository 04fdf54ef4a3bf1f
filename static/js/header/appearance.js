/** The choice of colour scheme: light, dark or the system's. */

import { removeItem, getItem, setItem } from "../state/preferences.js";
import { requireElement } from "../ui/dom.js";

/** boot/theme.js reads it before the first paint. */
const STORAGE_KEY = "scheme";
const SYSTEM = "system";
/** The event after which canvases must be redrawn. */
const CHANGED = "schemechange";

/** @param {HTMLElement} element */
export function mount(element) {
  const select = requireElement(element, "#scheme", HTMLSelectElement);
  select.value = document.documentElement.dataset.scheme ?? SYSTEM;
  select.addEventListener("change", () => choose(select.value));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", notify);
  // Follow other tabs.
  addEventListener("storage", ({ key }) => {
    if (key !== STORAGE_KEY) return;
    select.value = getItem(STORAGE_KEY) ?? SYSTEM;
    show(select.value);
  });
}

/** @param {string} scheme */
function choose(scheme) {
  if (scheme === SYSTEM) removeItem(STORAGE_KEY);
  else setItem(STORAGE_KEY, scheme);
  show(scheme);
}

/** @param {string} scheme */
function show(scheme) {
  if (scheme === SYSTEM) delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
  notify();
}

function notify() {
  dispatchEvent(new Event(CHANGED));
}
