/** A network that has learnt already. */

/** @import { Connection } from "./connection.js" */

import { showFaults } from "./fault.js";
import { part } from "./part.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const button = part(element, "#loadpretrained", HTMLButtonElement);
  const outcome = part(element, "#pretrained_outcome", HTMLElement);
  showFaults(element, connection.store, "name", button);
  button.addEventListener("click", async () => {
    outcome.textContent = "";
    const answer = await connection.ask("load_pretrained", {}, { name: "name" });
    if (answer.ok) outcome.textContent = "Loaded. Its samples are above.";
  });
}
