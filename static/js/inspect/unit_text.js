/** The text that is read, each character on the colour of one unit's activation after it. */

/** @import { DivergingScale } from "../ui/color_scale.js" */
/** @import { UnitsResult } from "../protocol" */

import { inDecimals } from "../ui/color_scale.js";
import { DataTable } from "../ui/data_table.js";
import { nameOf, quoted } from "../format.js";
import { requireElement } from "../ui/dom.js";

const NOT_READ = "The text, not read yet";

export class UnitText {
  #place;
  #reading;
  #table;
  #colours;
  /** @type {UnitsResult | null} */
  #answer = null;
  #of = "";
  /** @type {HTMLElement[]} a character each */
  #marks = [];
  /** @type {string[]} their colours */
  #painted = [];
  /** @type {number | null} the character that is pointed at */
  #pointed = null;

  /**
   * @param {HTMLElement} element
   * @param {DivergingScale} colours
   */
  constructor(element, colours) {
    this.#place = requireElement(element, "#units_text", HTMLElement);
    this.#reading = requireElement(element, "#units_text_reading", HTMLElement);
    this.#colours = colours;
    this.#table = new DataTable(requireElement(element, "#units_one", HTMLElement));
    this.#place.addEventListener("pointermove", ({ target }) => {
      const index = this.#marks.indexOf(/** @type {HTMLElement} */ (target));
      this.point(index < 0 ? null : index);
    });
    this.#place.addEventListener("pointerleave", () => this.point(null));
  }

  /**
   * @param {UnitsResult} answer
   * @param {string} of which unit
   */
  show(answer, of) {
    if (answer.characters.join() !== this.#answer?.characters.join()) this.#write(answer);
    this.#answer = answer;
    this.#of = of;
    this.paint();
    this.#place.setAttribute("aria-label", inWords(answer, of));
    this.#read();
    this.#table.show(rowsOf(answer));
  }

  /** The network is another: what the old one did is not shown as its. */
  clear() {
    this.#answer = null;
    this.#of = "";
    this.#write({ characters: [] });
    this.#place.setAttribute("aria-label", NOT_READ);
    this.#read();
    this.#table.show([]);
  }

  paint() {
    if (!this.#answer) return;
    const { values, scale } = this.#answer;
    for (const [index, mark] of this.#marks.entries()) {
      const colour = this.#colours.css(values[index] ?? 0, scale);
      if (this.#painted[index] === colour) continue;
      this.#painted[index] = colour;
      mark.style.backgroundColor = colour;
    }
  }

  /** @param {number | null} index of the character that is pointed at, here or elsewhere */
  point(index) {
    if (index === this.#pointed) return;
    this.#pointed = index;
    for (const [at, mark] of this.#marks.entries()) {
      mark.classList.toggle("pointed", at === index);
    }
    this.#read();
  }

  /** @param {Pick<UnitsResult, "characters">} read */
  #write({ characters }) {
    this.#pointed = null;
    this.#painted = [];
    this.#marks = characters.map((character) => {
      const mark = document.createElement("span");
      mark.textContent = character;
      return mark;
    });
    this.#place.replaceChildren(...this.#marks);
  }

  #read() {
    const at = this.#pointed;
    const value = at === null ? undefined : this.#answer?.values[at];
    if (at === null || value === undefined) this.#reading.textContent = this.#of;
    else {
      const character = quoted(this.#answer?.characters[at] ?? "");
      this.#reading.textContent = `after ${character}: ${inDecimals(value)}`;
    }
  }
}

/**
 * @param {UnitsResult} answer
 * @param {string} of which unit
 */
function inWords({ characters, values }, of) {
  const at = (/** @type {number} */ value) => {
    const character = quoted(characters[values.indexOf(value)] ?? "");
    return `${inDecimals(value)} after ${character}`;
  };
  const ends = `least ${at(Math.min(...values))}, most ${at(Math.max(...values))}`;
  return `“${characters.join("")}”, coloured by the activation of ${of}: ${ends}.`;
}

/** @param {UnitsResult} answer */
function rowsOf({ characters, values }) {
  return characters.map((character, index) => [
    String(index + 1),
    nameOf(character),
    inDecimals(values[index] ?? 0),
  ]);
}
