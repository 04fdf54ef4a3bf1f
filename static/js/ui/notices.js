/** Notices from the server, and errors that belong to no field. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Action, NumberedNotice } from "../state/store.js" */

import { newElement } from "./dom.js";

/** Time to read two lines. Warnings and errors stay until they are dismissed. */
const INFO_MS = 10_000;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  /** @type {Map<number, HTMLElement>} */
  const shown = new Map();

  /** @param {NumberedNotice} notice */
  const show = (notice) => {
    const dismiss = () => store.dismiss(notice.number);
    const card = cardFor(notice, dismiss);
    shown.set(notice.number, card);
    element.append(card);
    if (notice.level === "info") setTimeout(dismiss, INFO_MS);
  };

  store.watch(
    (page) => page.notices,
    (notices) => {
      element.dataset.state = notices.length > 0 ? "shown" : "empty";
      const numbers = new Set(notices.map(({ number }) => number));
      for (const [number, card] of shown) {
        if (numbers.has(number)) continue;
        card.remove();
        shown.delete(number);
      }
      for (const notice of notices) if (!shown.has(notice.number)) show(notice);
    },
  );
}

/**
 * @param {Action} action
 * @param {() => void} dismiss
 */
function buttonFor({ label, run }, dismiss) {
  const button = newElement("button", "button-link", label);
  button.type = "button";
  button.addEventListener("click", () => {
    dismiss();
    run();
  });
  return button;
}

/**
 * @param {NumberedNotice} notice
 * @param {() => void} dismiss
 */
function cardFor({ level, code, message, action }, dismiss) {
  const card = newElement("div", "notice");
  card.dataset.level = level;
  card.dataset.code = code;
  const text = newElement("p", "", message);
  const button = newElement("button", "notice-dismiss", "×");
  button.type = "button";
  button.setAttribute("aria-label", "Dismiss");
  button.addEventListener("click", dismiss);
  card.append(text, button);
  if (action) text.append(" ", buttonFor(action, dismiss));
  return card;
}
