/** The probe text that the inspection panels read: typed, a sample, or a line of the training text. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Page } from "../state/store.js" */

import { MAX_CHARACTERS, TEXT_ERROR_FIELD } from "../state/probe_text.js";
import { networkId } from "../state/network_id.js";
import { bindFieldError } from "../ui/field_error.js";
import { refusalOf } from "../messages.js";
import { requireElement } from "../ui/dom.js";

/** From the last key to the queries. */
const DEBOUNCE_MS = 150;

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
  let next = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let debounce;

  /** @param {string[]} texts */
  const useNext = (texts) => {
    const usable = texts.map(beginningOf).filter((text) => text);
    if (usable.length === 0) return;
    typed = false;
    box.value = usable[next++ % usable.length] ?? "";
    setText(box.value);
  };
  /** @param {string} text */
  const setText = (text) => {
    clearTimeout(debounce);
    store.setProbeText(text);
    store.setFieldErrors(TEXT_ERROR_FIELD, text ? null : refusalOf("reading_empty", "text"));
  };

  /** Check the text even if no panel that reads it is visible. */
  const submit = async () => {
    const text = box.value;
    setText(text);
    if (!text) return;
    const answer = await connection.query("surprise", { text });
    const isTextError = !answer.ok && answer.field === "text";
    if (box.value === text) store.setFieldErrors(TEXT_ERROR_FIELD, isTextError ? answer : null);
  };

  box.addEventListener("input", () => {
    typed = true;
    clearTimeout(debounce);
    debounce = setTimeout(submit, DEBOUNCE_MS);
  });
  requireElement(element, "#look_sample", HTMLButtonElement).addEventListener("click", () => {
    useNext([...(store.page.net?.samples ?? [])]);
  });
  requireElement(element, "#look_line", HTMLButtonElement).addEventListener("click", () => {
    useNext(linesOf(store.page));
  });
  store.watch(
    ({ net }) => networkId(net), // a reconnected socket sends the same network
    () => {
      next = 0;
      if (!typed) useNext(linesOf(store.page).slice(0, 1));
    },
  );
}

/** @param {Page} page */
function stateOf({ net, fieldErrors }) {
  if (fieldErrors.look_text) return "refused";
  return net ? "ready" : "loading";
}

/**
 * The lines of the training text, or of its beginning until all of it is here.
 *
 * @param {Page} page
 */
function linesOf({ net, text }) {
  return (text ?? net?.text.beginning ?? "").split("\n").filter((line) => line.trim());
}

/** @param {string} text */
function beginningOf(text) {
  return [...text.trim()].slice(0, MAX_CHARACTERS).join("");
}
