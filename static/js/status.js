/** In one or two words, always in sight: what the page is doing. */

/** @import { Connection } from "./connection.js" */
/** @import { Page } from "./store.js" */

import { part } from "./part.js";

/** @typedef {"connecting" | "lost" | "compiling" | "learning" | "paused"} PageStatus */

/** @type {Record<PageStatus, string>} */
const WORDS = {
  connecting: "Connecting",
  lost: "Connection lost, trying again",
  compiling: "Compiling, a few seconds",
  learning: "Learning",
  paused: "Paused",
};

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const status = part(element, ".status", HTMLElement);
  const words = part(element, "#status", HTMLElement);
  store.watch(statusOf, (current) => {
    status.dataset.status = current;
    words.textContent = WORDS[current];
  });
}

/**
 * @param {Page} page
 * @returns {PageStatus}
 */
function statusOf({ link, net }) {
  if (link === "lost") return "lost";
  return link === "open" && net ? net.status : "connecting";
}
