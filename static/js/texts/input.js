/** The training text, and the vocabulary found in it. */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page } from "../state/store.js" */

import { visibly } from "../format.js";
import { requireElement, wasEditedBeforeLoad } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";

/** Some writing systems have thousands of characters. */
const MAX_SHOWN = 120;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const text = requireElement(element, "#ti", HTMLTextAreaElement);
  const summary = requireElement(element, "#prepro_status", HTMLElement);

  bindFieldError(element, store, "text", text);
  store.watch(stateOf, (state) => {
    element.dataset.state = state;
  });
  if (wasEditedBeforeLoad(text)) store.editDraft("text", text.value);
  text.addEventListener("input", () => store.editDraft("text", text.value));
  store.watch(
    (page) => page.draft.text,
    (draft) => {
      if (text.value !== draft) text.value = draft; // setting it would move the cursor
    },
  );
  store.watch(
    (page) => page.draft.checksum !== "",
    (isStored) => {
      text.readOnly = isStored; // it is only the beginning
    },
  );
  store.watch(
    (page) => page.net?.version,
    () => {
      const { net } = store.page;
      summary.textContent = net ? summaryOf(net) : "";
    },
  );
}

/** @param {Page} page */
function stateOf({ text, fieldErrors }) {
  if (fieldErrors.text) return "refused";
  return text === null ? "loading" : "ready";
}

/** @param {State} net */
function summaryOf({ vocabulary, vocabulary_size: size }) {
  const shown = visibly(vocabulary.slice(0, MAX_SHOWN));
  const rest = size - MAX_SHOWN;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `found ${size} distinct characters: ${shown}${more}`;
}
