/** Saving and loading the model as JSON, in the text box or as a file. */

/** @import { Connection } from "../net/connection.js" */

import { isBusy, requireElement, withBusy } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";
import { onFileChoice, onFileDrop } from "../ui/file_drop.js";
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
  const show = (/** @type {SavingState} */ state, text = "") => {
    element.dataset.state = state;
    outcome.textContent = text;
  };

  show("ready");
  bindFieldError(element, connection.store, "json", box);
  const save = requireElement(element, "#savemodel", HTMLButtonElement);
  const load = requireElement(element, "#loadmodel", HTMLButtonElement);
  const upload = (/** @type {Blob} */ model) => withBusy(load, () => connection.loadModel(model));

  save.addEventListener("click", async () => {
    show("busy");
    const answer = await withBusy(save, () => connection.saveModel());
    if (!answer.ok) return show("refused");
    box.value = answer.json;
    show("saved", `Saved to the box: ${sizeOf(answer.json.length)}.`);
  });
  load.addEventListener("click", async () => {
    if (isBusy(load)) return; // undo would restore the first load
    show("busy");
    const answer = await upload(new Blob([box.value]));
    if (answer.ok) show("loaded", "Loaded the model from the box.");
    else show("refused");
  });
  const open = async (/** @type {File[]} */ [chosen]) => {
    if (!chosen || isBusy(load)) return;
    show("busy");
    const max = Number(file.dataset.most);
    const answer = chosen.size > max ? tooLarge(connection, max) : await upload(chosen);
    if (answer.ok) show("loaded", `Loaded the model from ${chosen.name}.`);
    else show("refused");
  };
  onFileChoice(file, open);
  onFileDrop(box, open);
}

/**
 * Refuse a large file before the upload: the server would just close the connection.
 *
 * @param {Connection} connection
 * @param {number} max
 */
function tooLarge({ store }, max) {
  const answer = refusalOf("model_file_too_large", "json", max);
  store.setFieldErrors({ json: "json" }, answer);
  return answer;
}

/** @param {number} characters */
function sizeOf(characters) {
  return characters < 1_000_000
    ? `${Math.ceil(characters / 1_000)} kB`
    : `${(characters / 1_000_000).toFixed(1)} MB`;
}
