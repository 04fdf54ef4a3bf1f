/** The five most likely next characters, with bars. */

import { nameOf, percent } from "../format.js";
import { newElement } from "./dom.js";

const COUNT = 5;

export class ProbabilityBars {
  #rows;

  /** @param {HTMLElement} list for the rows, which are created once */
  constructor(list) {
    this.#rows = Array.from({ length: COUNT }, () => new Row());
    list.replaceChildren(...this.#rows.map(({ element }) => element));
  }

  /**
   * @param {readonly (readonly [string, number])[]} predictions characters and their probabilities
   * @param {string} [actual] the next character of the text
   */
  show(predictions, actual) {
    for (const [index, row] of this.#rows.entries()) row.show(predictions[index], actual);
  }
}

class Row {
  element = document.createElement("li");

  #name = newElement("span", "likely-name");
  #bar = newElement("span", "likely-bar");
  #share = newElement("span", "likely-share");

  constructor() {
    const track = newElement("span", "likely-track");
    track.append(this.#bar);
    this.element.append(this.#name, track, this.#share);
  }

  /**
   * @param {readonly [string, number] | undefined} prediction
   * @param {string | undefined} actual
   */
  show(prediction, actual) {
    const [character, probability] = prediction ?? ["", 0];
    this.element.classList.toggle("unknown", !prediction);
    this.element.classList.toggle("actual", prediction !== undefined && character === actual);
    this.#name.textContent = prediction ? nameOf(character) : "";
    this.#share.textContent = prediction ? percent(probability) : "";
    this.#bar.style.setProperty("--share", String(probability));
  }
}
