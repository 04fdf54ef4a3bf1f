/** The training text, and the vocabulary found in it. */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */
/** @import { Page } from "../state/store.js" */

import { visibly } from "../format.js";
import { requireElement, wasEditedBeforeLoad, watchVisibility } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";

/** Some writing systems have thousands of characters. */
const MAX_SHOWN = 120;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const text = requireElement(element, "#ti", HTMLTextAreaElement);
  const summary = requireElement(element, "#prepro_status", HTMLElement);

  fetchWhenNeeded(element, connection);
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

/**
 * Fetch the text when its box or its name comes into view, or at once if it is the user's own: if the
 * server loses the session, only the page has it.
 *
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function fetchWhenNeeded(element, connection) {
  for (const selector of [".source", "#ti"]) {
    watchVisibility(requireElement(element, selector, HTMLElement), (isVisible) => {
      if (isVisible) void connection.completeText();
    });
  }
  const { options } = requireElement(element, "#text_choice", HTMLSelectElement);
  const builtIn = new Set([...options].map(({ dataset }) => dataset.sha256));
  connection.store.watch(
    (page) => page.net?.text.checksum,
    (checksum) => {
      if (checksum && !builtIn.has(checksum)) void connection.completeText();
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
