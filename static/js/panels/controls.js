/** Start, pause, the learning rate, and the options of the next network. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Entries, Page, Store } from "../state/store.js" */

import { requireElement, wasEditedBeforeLoad, withBusy } from "../ui/dom.js";
import { LogSlider } from "../ui/log_slider.js";
import { bindFieldError } from "../ui/field_error.js";
import { isEdited } from "../state/store.js";

/** @typedef {HTMLInputElement | HTMLSelectElement} OptionEntry */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  mountButtons(element, connection);
  mountLearningRate(element, connection);
  for (const entry of element.querySelectorAll("#newnet :is(input, select)")) {
    mountOption(element, connection.store, /** @type {OptionEntry} */ (entry));
  }
}

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function mountButtons(element, connection) {
  const { store } = connection;
  const learn = requireElement(element, "#learn", HTMLButtonElement);
  const resume = requireElement(element, "#resume", HTMLButtonElement);
  const stop = requireElement(element, "#stop", HTMLButtonElement);
  const edited = requireElement(element, "#edited", HTMLElement);

  const form = requireElement(element, "#newnet", HTMLFormElement);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    takeUnsaid(form);
    const answer = await withBusy(learn, () => startLearning(connection));
    if (!answer.ok && answer.field) goToFault();
  });
  resume.addEventListener("click", () => withBusy(resume, () => connection.request("resume", {})));
  stop.addEventListener("click", () => withBusy(stop, () => connection.request("pause", {})));
  store.watch(
    (page) => page.net?.status === "paused",
    (paused) => resume.classList.toggle("suggested", paused),
  );
  store.watch(stateOf, (state) => {
    element.dataset.state = state;
    edited.hidden = state !== "edited";
  });
}

/**
 * @param {Page} page
 * @returns {"loading" | "unedited" | "edited"}
 */
function stateOf(page) {
  if (isEdited(page)) return "edited";
  return page.net ? "unedited" : "loading";
}

/**
 * What a script has written into a field counts too, though no event told of it.
 *
 * @param {HTMLFormElement} form with the sentences, which belong to it
 */
function takeUnsaid(form) {
  for (const entry of form.elements) entry.dispatchEvent(new Event("input"));
}

/** @param {Connection} connection */
async function startLearning(connection) {
  const entries = connection.store.page.draft;
  const places = Object.fromEntries(Object.keys(entries).map((name) => [name, name]));
  const answer = await connection.request("learn", learnFrom(entries), places);
  if (answer.ok) connection.store.markSubmitted(entries);
  return answer;
}

/**
 * The options go out as they were typed: the server reads them, and says what it cannot read.
 *
 * @param {Entries} entries
 * @returns {import("../protocol").Learn}
 */
function learnFrom({ text, ...options }) {
  const chosen = /** @type {import("../protocol").HyperparametersInput} */ (options);
  return { text, options: chosen };
}

/** Bring the person to the entry to change. */
function goToFault() {
  const entry = document.querySelector("[aria-invalid]");
  if (entry instanceof HTMLElement) entry.focus();
}

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function mountLearningRate(element, connection) {
  const slider = requireElement(element, "#lr_slider", HTMLInputElement);
  const typed = requireElement(element, "#lr_typed", HTMLInputElement);
  const places = { learning_rate: "lr" };
  const logSlider = new LogSlider({
    slider,
    text: requireElement(element, "#lr_text", HTMLElement),
    typed,
    decimals: 5,
    send: (learning_rate) => connection.request("set", { learning_rate }, places),
    clearError: () => connection.store.setFieldErrors(places, null),
  });
  bindFieldError(element, connection.store, "lr", typed);
  connection.store.watch(
    (page) => page.net?.learning_rate,
    (rate) => {
      if (rate !== undefined) logSlider.setServerValue(rate);
    },
  );
}

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {OptionEntry} entry
 */
function mountOption(element, store, entry) {
  const name = entry.id.replace("opt_", "");
  bindFieldError(element, store, name, entry);
  if (wasEditedBeforeLoad(entry)) store.editDraft(name, entry.value);
  entry.addEventListener("input", () => store.editDraft(name, entry.value));
  store.watch(
    (page) => page.draft[name],
    (draft) => {
      if (draft && entry.value !== draft) entry.value = draft;
    },
  );
}
