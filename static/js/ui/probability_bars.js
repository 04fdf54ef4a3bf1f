/** What the network finds likeliest to come: five names with bars. */

import { nameOf, percent } from "../format.js";

const COUNT = 5;

export class Likeliest {
  #rows;

  /** @param {HTMLElement} list that gets the rows, once: they stay, and only their content moves */
  constructor(list) {
    this.#rows = Array.from({ length: COUNT }, () => new Row());
    list.replaceChildren(...this.#rows.map(({ element }) => element));
  }

  /**
   * @param {readonly (readonly [string, number])[]} found characters and their probabilities
   * @param {string} [actual] the one that the text has there
   */
  show(found, actual) {
    for (const [index, row] of this.#rows.entries()) row.show(found[index], actual);
  }
}

class Row {
  element = document.createElement("li");

  #name = document.createElement("span");
  #bar = document.createElement("span");
  #share = document.createElement("span");

  constructor() {
    const track = document.createElement("span");
    track.className = "likely-track";
    track.append(this.#bar);
    this.#name.className = "likely-name";
    this.#bar.className = "likely-bar";
    this.#share.className = "likely-share";
    this.element.append(this.#name, track, this.#share);
  }

  /**
   * @param {readonly [string, number] | undefined} likely
   * @param {string | undefined} actual
   */
  show(likely, actual) {
    const [character, probability] = likely ?? ["", 0];
    this.element.classList.toggle("unknown", !likely);
    this.element.classList.toggle("actual", likely !== undefined && character === actual);
    this.#name.textContent = likely ? nameOf(character) : "";
    this.#share.textContent = likely ? percent(probability) : "";
    this.#bar.style.setProperty("--share", String(probability));
  }
}
