/** Keyboard shortcuts of the page, and the dialog that lists them. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Store } from "../state/store.js" */

import { removeItem, getItem, setItem } from "../state/preferences.js";
import { requireElement } from "../ui/dom.js";

/** Stores that shortcuts are off: speech input can trigger single keys. */
const STORAGE_KEY = "keys";
const OFF = "off";

/** Elements that use the space bar. */
const USES_SPACE =
  "input, textarea, select, button, a[href], summary, [contenteditable], [role=slider], [role=button], [role=tab], [role=grid]";
/** Elements that accept typed characters. */
const ACCEPTS_TEXT =
  "input:not([type=range], [type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]";

/**
 * @param {HTMLElement} element the page
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const dialog = requireElement(element, "#keys", HTMLDialogElement);
  const enabled = requireElement(dialog, "#keys_used", HTMLInputElement);
  const buttons = {
    pause: requireElement(element, "#stop", HTMLButtonElement),
    resume: requireElement(element, "#resume", HTMLButtonElement),
  };
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };

  enabled.checked = getItem(STORAGE_KEY) !== OFF;
  enabled.addEventListener("change", () =>
    enabled.checked ? removeItem(STORAGE_KEY) : setItem(STORAGE_KEY, OFF),
  );
  requireElement(element, "#keys_open", HTMLButtonElement).addEventListener("click", open);
  requireElement(dialog, "#keys_close", HTMLButtonElement).addEventListener("click", () =>
    dialog.close(),
  );
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close(); // on the backdrop
  });
  document.addEventListener("keydown", (event) => {
    if (!enabled.checked || dialog.open || isHandledElsewhere(event)) return;
    if (event.key === "?") open();
    else if (event.key === " ") buttons[isPaused(store) ? "resume" : "pause"].click();
    else return;
    event.preventDefault(); // the space bar would scroll
  });
}

/** @param {Store} store */
function isPaused({ page }) {
  return page.net?.status === "paused";
}

/** @param {KeyboardEvent} event */
function isHandledElsewhere({
  defaultPrevented,
  repeat,
  ctrlKey,
  metaKey,
  altKey,
  key,
  shiftKey,
  target,
}) {
  if (defaultPrevented || repeat || ctrlKey || metaKey || altKey) return true;
  if (!(target instanceof Element)) return false;
  if (key === " ") return shiftKey || target.closest(USES_SPACE) !== null;
  return target.closest(ACCEPTS_TEXT) !== null;
}
