/** The pretrained models, and their model cards. */

/** @import { Connection } from "../net/connection.js" */

import { isBusy, requireElement, withBusy } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const choice = requireElement(element, "#pretrained_choice", HTMLSelectElement);
  const button = requireElement(element, "#loadpretrained", HTMLButtonElement);
  const outcome = requireElement(element, "#pretrained_outcome", HTMLElement);
  const show = (/** @type {"ready" | "busy" | "loaded" | "refused"} */ state, words = "") => {
    element.dataset.state = state;
    outcome.textContent = words;
  };

  show("ready");
  bindFieldError(element, connection.store, "name", button);
  choice.addEventListener("change", () => {
    if (!isBusy(button)) show("ready");
    connection.store.setFieldErrors({ name: "name" }, null); // an error of another model
    showCard(element, choice.value);
  });
  button.addEventListener("click", async () => {
    if (isBusy(button)) return; // undo would restore the first load
    show("busy");
    const name = choice.value;
    const answer = await withBusy(button, () =>
      connection.request("load_pretrained", { name }, { name: "name" }),
    );
    if (answer.ok) show("loaded", "Loaded. See its samples above.");
    else show("refused");
  });
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 */
function showCard(element, name) {
  for (const card of element.querySelectorAll("[data-card]")) {
    card.toggleAttribute("hidden", card.getAttribute("data-card") !== name);
  }
}
