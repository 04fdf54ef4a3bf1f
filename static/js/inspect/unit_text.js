/** The probe text, each character coloured by one unit's activation after it. */

/** @import { DivergingScale } from "../ui/color_scale.js" */
/** @import { UnitsResult } from "../protocol" */

import { toDecimals } from "../ui/color_scale.js";
import { DataTable } from "../ui/data_table.js";
import { nameOf, quoted } from "../format.js";
import { newElement, requireElement } from "../ui/dom.js";

const NOT_READ = "The text, not loaded yet";

export class UnitText {
  #element;
  #reading;
  #table;
  #colorScale;
  /** @type {UnitsResult | null} */
  #answer = null;
  #unitName = "";
  /** @type {HTMLElement[]} a character each */
  #marks = [];
  /** @type {string[]} their colours */
  #painted = [];
  /** @type {number | null} the character that is pointed at */
  #pointed = null;

  /**
   * @param {HTMLElement} element
   * @param {DivergingScale} colorScale
   */
  constructor(element, colorScale) {
    this.#element = requireElement(element, "#units_text", HTMLElement);
    this.#reading = requireElement(element, "#units_text_reading", HTMLElement);
    this.#colorScale = colorScale;
    this.#table = new DataTable(requireElement(element, "#units_one", HTMLElement));
    this.#element.addEventListener("pointermove", ({ target }) => {
      const index = this.#marks.indexOf(/** @type {HTMLElement} */ (target));
      this.point(index < 0 ? null : index);
    });
    this.#element.addEventListener("pointerleave", () => this.point(null));
  }

  /**
   * @param {UnitsResult} answer
   * @param {string} unitName
   */
  show(answer, unitName) {
    if (answer.characters.join() !== this.#answer?.characters.join()) this.#render(answer);
    this.#answer = answer;
    this.#unitName = unitName;
    this.paint();
    this.#element.setAttribute("aria-label", summaryOf(answer, unitName));
    this.#updateReading();
    this.#table.show(rowsOf(answer));
  }

  /** Remove the activations of the previous network. */
  clear() {
    this.#answer = null;
    this.#unitName = "";
    this.#render({ characters: [] });
    this.#element.setAttribute("aria-label", NOT_READ);
    this.#updateReading();
    this.#table.show([]);
  }

  paint() {
    if (!this.#answer) return;
    const { values, scale } = this.#answer;
    for (const [index, mark] of this.#marks.entries()) {
      const color = this.#colorScale.css(values[index] ?? 0, scale);
      if (this.#painted[index] === color) continue;
      this.#painted[index] = color;
      mark.style.backgroundColor = color;
    }
  }

  /** @param {number | null} index of the character that is pointed at, here or elsewhere */
  point(index) {
    if (index === this.#pointed) return;
    this.#pointed = index;
    for (const [at, mark] of this.#marks.entries()) {
      mark.classList.toggle("pointed", at === index);
    }
    this.#updateReading();
  }

  /** @param {Pick<UnitsResult, "characters">} read */
  #render({ characters }) {
    this.#pointed = null;
    this.#painted = [];
    this.#marks = characters.map((character) => newElement("span", "", character));
    this.#element.replaceChildren(...this.#marks);
  }

  #updateReading() {
    const at = this.#pointed;
    const value = at === null ? undefined : this.#answer?.values[at];
    if (at === null || value === undefined) this.#reading.textContent = this.#unitName;
    else {
      const character = quoted(this.#answer?.characters[at] ?? "");
      this.#reading.textContent = `after ${character}: ${toDecimals(value)}`;
    }
  }
}

/**
 * @param {UnitsResult} answer
 * @param {string} unitName
 */
function summaryOf({ characters, values }, unitName) {
  const at = (/** @type {number} */ value) => {
    const character = quoted(characters[values.indexOf(value)] ?? "");
    return `${toDecimals(value)} after ${character}`;
  };
  const range = `minimum ${at(Math.min(...values))}, maximum ${at(Math.max(...values))}`;
  return `“${characters.join("")}”, coloured by the activation of ${unitName}: ${range}.`;
}

/** @param {UnitsResult} answer */
function rowsOf({ characters, values }) {
  return characters.map((character, index) => [
    String(index + 1),
    nameOf(character),
    toDecimals(values[index] ?? 0),
  ]);
}
