/** The model as JSON: into the box and out of it, and as a file. */

/** @import { Connection } from "../net/connection.js" */

import { isBusy, requireElement, withBusy } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";
import { refusalOf } from "../messages.js";

/** @typedef {"ready" | "busy" | "saved" | "loaded" | "refused"} SavingState */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const box = requireElement(element, "#tio", HTMLTextAreaElement);
  const file = requireElement(element, "#uploadmodel", HTMLInputElement);
  const outcome = requireElement(element, "#saving_outcome", HTMLElement);
  const show = (/** @type {SavingState} */ state, words = "") => {
    element.dataset.state = state;
    outcome.textContent = words;
  };

  show("ready");
  bindFieldError(element, connection.store, "json", box);
  const save = requireElement(element, "#savemodel", HTMLButtonElement);
  const load = requireElement(element, "#loadmodel", HTMLButtonElement);
  const give = (/** @type {Blob} */ model) => withBusy(load, () => connection.loadModel(model));

  save.addEventListener("click", async () => {
    show("busy");
    const answer = await withBusy(save, () => connection.saveModel());
    if (!answer.ok) return show("refused");
    box.value = answer.json;
    show("saved", `Saved into the box: ${sizeOf(answer.json.length)}.`);
  });
  load.addEventListener("click", async () => {
    if (isBusy(load)) return; // the network before would be replaced twice, and undone once
    show("busy");
    const answer = await give(new Blob([box.value]));
    if (answer.ok) show("loaded", "Loaded the model from the box.");
    else show("refused");
  });
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    show("busy");
    const most = Number(file.dataset.most);
    const answer = chosen.size > most ? tooLarge(connection, most) : await give(chosen);
    file.value = ""; // so that choosing the same file again is a change too
    if (answer.ok) show("loaded", `Loaded the model from ${chosen.name}.`);
    else show("refused");
  });
}

/**
 * A browser that sends more than is taken learns only that the connection broke.
 *
 * @param {Connection} connection
 * @param {number} most
 */
function tooLarge({ store }, most) {
  const answer = refusalOf("model_file_too_large", "json", most);
  store.setFieldErrors({ json: "json" }, answer);
  return answer;
}

/** @param {number} characters */
function sizeOf(characters) {
  return characters < 1_000_000
    ? `${Math.ceil(characters / 1_000)} kB`
    : `${(characters / 1_000_000).toFixed(1)} MB`;
}
