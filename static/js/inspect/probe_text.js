/** The text that the network is looked at with: typed, or one of its samples, or a line it learns. */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page } from "../state/store.js" */

import { MOST_CHARACTERS, TEXT_PLACE } from "../state/probe_text.js";
import { networkId } from "../state/network_id.js";
import { bindFieldError } from "../ui/field_error.js";
import { refusalOf } from "../messages.js";
import { requireElement } from "../ui/dom.js";

/** From the last key to the questions: who types on has not meant what is there. */
const PAUSE_MS = 150;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const box = requireElement(element, "#look_text", HTMLInputElement);
  bindFieldError(element, store, "look_text", box);
  store.watch(stateOf, (state) => {
    element.dataset.state = state;
  });
  let typed = false;
  let turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;

  /** @param {string[]} texts */
  const take = (texts) => {
    const some = texts.map(beginningOf).filter((text) => text);
    if (some.length === 0) return;
    typed = false;
    box.value = some[turn++ % some.length] ?? "";
    read(box.value);
  };
  /** @param {string} text */
  const read = (text) => {
    clearTimeout(pause);
    store.setProbeText(text);
    store.setFieldErrors(TEXT_PLACE, text ? null : refusalOf("reading_empty", "text"));
  };

  /** Say what is wrong with what was typed, though no panel that would is in sight. */
  const check = async () => {
    const text = box.value;
    read(text);
    if (!text) return;
    const answer = await connection.query("surprise", { text });
    const faulty = !answer.ok && answer.field === "text";
    if (box.value === text) store.setFieldErrors(TEXT_PLACE, faulty ? answer : null);
  };

  box.addEventListener("input", () => {
    typed = true;
    clearTimeout(pause);
    pause = setTimeout(check, PAUSE_MS);
  });
  requireElement(element, "#look_sample", HTMLButtonElement).addEventListener("click", () => {
    take([...(store.page.net?.samples ?? [])]);
  });
  requireElement(element, "#look_line", HTMLButtonElement).addEventListener("click", () => {
    take(linesOf(store.page.net));
  });
  store.watch(
    ({ net }) => networkId(net), // a socket that comes back brings the same
    () => {
      turn = 0;
      if (!typed) take(linesOf(store.page.net).slice(0, 1));
    },
  );
}

/** @param {Page} page */
function stateOf({ net, fieldErrors }) {
  if (fieldErrors.look_text) return "refused";
  return net ? "ready" : "loading";
}

/** @param {State | null} net */
function linesOf(net) {
  return (net?.text ?? "").split("\n").filter((line) => line.trim());
}

/** @param {string} text */
function beginningOf(text) {
  return [...text.trim()].slice(0, MOST_CHARACTERS).join("");
}
