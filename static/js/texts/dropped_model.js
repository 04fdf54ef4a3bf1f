/** Offers to load a saved model that was opened as a text. */

/** @import { Connection } from "../net/connection.js" */

import { requireElement, withBusy } from "../ui/dom.js";

export class DroppedModel {
  #element;
  #connection;
  /** @type {File | null} */
  #file = null;

  /**
   * @param {HTMLElement} panel
   * @param {Connection} connection
   */
  constructor(panel, connection) {
    this.#element = requireElement(panel, "#dropped_model", HTMLElement);
    this.#connection = connection;
    const button = requireElement(this.#element, "button", HTMLButtonElement);
    button.addEventListener("click", async () => {
      const file = this.#file;
      if (file === null) return;
      const answer = await withBusy(button, () => this.#connection.loadModel(file));
      if (answer.ok) this.withdraw();
    });
  }

  /** @param {File} file */
  offer(file) {
    this.#file = file;
    const said = requireElement(this.#element, "span", HTMLElement);
    said.textContent = `${file.name} is a saved model, not a text.`;
    this.#element.hidden = false;
  }

  withdraw() {
    this.#file = null;
    this.#element.hidden = true;
  }
}
