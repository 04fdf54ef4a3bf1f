/** Start, pause, the learning rate, and the options of the next network. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Entries, Page, Store } from "../state/store.js" */

import { requireElement, wasEditedBeforeLoad, withBusy } from "../ui/dom.js";
import { LogSlider } from "../ui/log_slider.js";
import { bindFieldError } from "../ui/field_error.js";
import { isLong } from "../net/http.js";
import { isEdited } from "../state/store.js";

/** @typedef {HTMLInputElement | HTMLSelectElement} OptionField */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  mountButtons(element, connection);
  mountLearningRate(element, connection);
  mountSeed(element, connection.store);
  mountSize(element, connection.store);
  for (const field of element.querySelectorAll("#newnet [id^=opt_]")) {
    mountOption(element, connection.store, /** @type {OptionField} */ (field));
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
    readForm(form);
    const answer = await withBusy(learn, () => startLearning(connection));
    if (!answer.ok && answer.field) focusInvalidField();
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
 * Read every field into the draft: a script can set a value without an event.
 *
 * @param {HTMLFormElement} form
 */
function readForm(form) {
  for (const field of form.elements) field.dispatchEvent(new Event("input"));
}

/** @param {Connection} connection */
async function startLearning(connection) {
  const { store } = connection;
  if (store.page.text === null && store.page.draft.text === store.page.submitted.text) {
    await connection.completeText();
  }
  if (isLong(store.page.draft.text)) {
    const refusal = await connection.storeLongText();
    if (refusal) return refusal;
  }
  const { draft: entries, leavesOutRare } = store.page;
  const names = Object.keys(entries).map((name) => [name, name]);
  const errorFields = { ...Object.fromEntries(names), checksum: "text" };
  const answer = await connection.request(
    "learn",
    learnRequest(entries, leavesOutRare),
    errorFields,
  );
  if (answer.ok) store.markSubmitted(entries);
  return answer;
}

/**
 * The request with the options as typed: the server parses and validates them.
 *
 * @param {Entries} entries
 * @param {boolean} leavesOutRare
 * @returns {import("../protocol").Learn}
 */
function learnRequest({ text, checksum, ...options }, leavesOutRare) {
  const chosen = /** @type {import("../protocol").HyperparametersInput} */ (options);
  return {
    ...(checksum ? { text: "", checksum } : { text }),
    ...(leavesOutRare ? { leave_out_rare: true } : {}),
    options: chosen,
  };
}

/** Focus the first invalid field; the options that contain it open. */
function focusInvalidField() {
  const field = document.querySelector("[aria-invalid]");
  if (!(field instanceof HTMLElement)) return;
  const closed = field.closest("details:not([open])");
  if (closed instanceof HTMLDetailsElement) closed.open = true;
  field.focus();
}

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function mountLearningRate(element, connection) {
  const slider = requireElement(element, "#lr_slider", HTMLInputElement);
  const typed = requireElement(element, "#lr_typed", HTMLInputElement);
  const errorFields = { learning_rate: "lr" };
  const logSlider = new LogSlider({
    slider,
    text: requireElement(element, "#lr_text", HTMLElement),
    typed,
    decimals: 5,
    send: (learning_rate) => connection.request("set", { learning_rate }, errorFields),
    clearError: () => connection.store.setFieldErrors(errorFields, null),
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
 * The choice of a preset, which enters its options, and which the entered options select.
 *
 * @param {HTMLElement} element
 * @param {Store} store
 */
function mountSize(element, store) {
  const select = requireElement(element, "#size", HTMLSelectElement);
  const about = requireElement(element, "#size_about", HTMLElement);
  const presets = [...select.options].map(({ value, dataset }) => ({
    name: value,
    about: dataset.about ?? "",
    entries: Object.entries(JSON.parse(dataset.entries ?? "{}")),
  }));
  select.addEventListener("change", () => {
    const chosen = presets.find(({ name }) => name === select.value);
    for (const [name, value] of chosen?.entries ?? []) store.editDraft(name, value);
  });
  store.watch(
    ({ net, draft }) =>
      net === null
        ? select.value
        : presets.findLast(({ entries }) => entries.every(([name, value]) => draft[name] === value))
            ?.name,
    (name = "") => {
      select.value = name;
      about.textContent = presets.find((preset) => preset.name === name)?.about ?? "";
    },
  );
}

/**
 * The seed of the current network, and the button that enters it for the next one.
 *
 * @param {HTMLElement} element
 * @param {Store} store
 */
function mountSeed(element, store) {
  const used = requireElement(element, "#seed_used", HTMLElement);
  const number = requireElement(used, ".seed-number", HTMLElement);
  const field = requireElement(element, "#opt_seed", HTMLInputElement);
  requireElement(used, "button", HTMLButtonElement).addEventListener("click", () => {
    requireElement(element, "#training_options", HTMLDetailsElement).open = true;
    store.editDraft("seed", number.textContent ?? "");
    field.focus();
  });
  store.watch(
    (page) => page.net?.seed,
    (seed) => {
      used.dataset.state = typeof seed === "number" ? "shown" : "empty";
      number.textContent = String(seed ?? "");
    },
  );
}

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {OptionField} field
 */
function mountOption(element, store, field) {
  const name = field.id.replace("opt_", "");
  bindFieldError(element, store, name, field);
  if (wasEditedBeforeLoad(field)) store.editDraft(name, field.value);
  field.addEventListener("input", () => store.editDraft(name, field.value));
  store.watch(
    (page) => page.draft[name],
    (draft) => {
      if (draft && field.value !== draft) field.value = draft;
    },
  );
}
