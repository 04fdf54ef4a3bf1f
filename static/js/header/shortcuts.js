/** Keys that work anywhere on the page, and the dialog that lists them. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Store } from "../state/store.js" */

import { removeItem, getItem, setItem } from "../state/preferences.js";
import { requireElement } from "../ui/dom.js";

/** Where it is remembered that somebody does without them: speech input sets off single keys. */
const KEY = "keys";
const OFF = "off";

/** What has a use of its own for the space bar. */
const HAS_SPACE =
  "input, textarea, select, button, a[href], summary, [contenteditable], [role=slider], [role=button], [role=tab], [role=grid]";
/** What takes characters: those typed there, and those that choose from a list. */
const TAKES_CHARACTERS =
  "input:not([type=range], [type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]";

/**
 * @param {HTMLElement} element the page
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const dialog = requireElement(element, "#keys", HTMLDialogElement);
  const used = requireElement(dialog, "#keys_used", HTMLInputElement);
  const buttons = {
    pause: requireElement(element, "#stop", HTMLButtonElement),
    resume: requireElement(element, "#resume", HTMLButtonElement),
  };
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };

  used.checked = getItem(KEY) !== OFF;
  used.addEventListener("change", () => (used.checked ? removeItem(KEY) : setItem(KEY, OFF)));
  requireElement(element, "#keys_open", HTMLButtonElement).addEventListener("click", open);
  requireElement(dialog, "#keys_close", HTMLButtonElement).addEventListener("click", () =>
    dialog.close(),
  );
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close(); // outside of what it holds
  });
  document.addEventListener("keydown", (event) => {
    if (!used.checked || dialog.open || isTakenElsewhere(event)) return;
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
function isTakenElsewhere({
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
  if (key === " ") return shiftKey || target.closest(HAS_SPACE) !== null;
  return target.closest(TAKES_CHARACTERS) !== null;
}
