/** Start, pause, the learning rate, and the options of the next network. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Entries, EntryName, Page, Store } from "../state/store.js" */

import { whileBusy } from "../ui/dom.js";
import { Dial } from "../ui/log_slider.js";
import { isFilledEarly } from "../ui/dom.js";
import { showFaults } from "../ui/field_error.js";
import { part } from "../ui/dom.js";
import { isEdited } from "../state/store.js";

/** @type {Exclude<EntryName, "text">[]} */
const OPTIONS = [
  "kind",
  "hidden_sizes",
  "letter_size",
  "l2",
  "learning_rate",
  "clip",
  "schedule",
  "schedule_epochs",
  "validation_fraction",
];
/** Where faults in what `learn` sends are shown. */
const PLACES = Object.fromEntries(["text", ...OPTIONS].map((name) => [name, name]));

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  mountButtons(element, connection);
  mountLearningRate(element, connection);
  for (const name of OPTIONS) mountOption(element, connection.store, name);
}

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function mountButtons(element, connection) {
  const { store } = connection;
  const learn = part(element, "#learn", HTMLButtonElement);
  const resume = part(element, "#resume", HTMLButtonElement);
  const stop = part(element, "#stop", HTMLButtonElement);
  const edited = part(element, "#edited", HTMLElement);

  const form = part(element, "#newnet", HTMLFormElement);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    takeUnsaid(form);
    const answer = await whileBusy(learn, () => startLearning(connection));
    if (!answer.ok && answer.field) goToFault();
  });
  resume.addEventListener("click", () => whileBusy(resume, () => connection.ask("resume", {})));
  stop.addEventListener("click", () => whileBusy(stop, () => connection.ask("pause", {})));
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
  const answer = await connection.ask("learn", learnFrom(entries), PLACES);
  if (answer.ok) connection.store.settle(entries);
  return answer;
}

/**
 * The options go out as they were typed: the server reads them, and says what it cannot read.
 *
 * @param {Entries} entries
 * @returns {import("../protocol").Learn}
 */
function learnFrom({ text, ...options }) {
  const chosen = /** @type {import("../protocol").NetworkEntries} */ (options);
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
  const slider = part(element, "#lr_slider", HTMLInputElement);
  const typed = part(element, "#lr_typed", HTMLInputElement);
  const places = { learning_rate: "lr" };
  const dial = new Dial({
    slider,
    text: part(element, "#lr_text", HTMLElement),
    typed,
    decimals: 5,
    send: (learning_rate) => connection.ask("set", { learning_rate }, places),
    forgive: () => connection.store.blame(places, null),
  });
  showFaults(element, connection.store, "lr", typed);
  connection.store.watch(
    (page) => page.net?.learning_rate,
    (rate) => {
      if (rate !== undefined) dial.follow(rate);
    },
  );
}

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {Exclude<EntryName, "text">} name
 */
function mountOption(element, store, name) {
  const entry = element.querySelector(`#opt_${name}`);
  if (!(entry instanceof HTMLInputElement || entry instanceof HTMLSelectElement)) return;

  showFaults(element, store, name, entry);
  if (isFilledEarly(entry)) store.write(name, entry.value);
  entry.addEventListener("input", () => store.write(name, entry.value));
  store.watch(
    (page) => page.draft[name],
    (draft) => {
      if (draft && entry.value !== draft) entry.value = draft;
    },
  );
}
