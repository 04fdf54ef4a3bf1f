/** Networks that have learnt already, and their cards. */

/** @import { Connection } from "./connection.js" */

import { whileBusy } from "./busy.js";
import { showFaults } from "./fault.js";
import { part } from "./part.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const choice = part(element, "#pretrained_choice", HTMLSelectElement);
  const button = part(element, "#loadpretrained", HTMLButtonElement);
  const outcome = part(element, "#pretrained_outcome", HTMLElement);
  showFaults(element, connection.store, "name", button);
  choice.addEventListener("change", () => {
    outcome.textContent = "";
    showCard(element, choice.value);
  });
  button.addEventListener("click", async () => {
    outcome.textContent = "";
    const name = choice.value;
    const answer = await whileBusy(button, () =>
      connection.ask("load_pretrained", { name }, { name: "name" }),
    );
    if (answer.ok) outcome.textContent = "Loaded. Its samples are above.";
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
