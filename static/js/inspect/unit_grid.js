/** Many units of a layer over the text: a row each, a cell a character. */

/** @import { DivergingScale } from "../ui/color_scale.js" */
/** @import { UnitsResult } from "../protocol" */

import { inDecimals, STEPS } from "../ui/color_scale.js";
import { DataTable } from "../ui/data_table.js";
import { quoted } from "../format.js";
import { requireElement } from "../ui/dom.js";

/** Pixels that the rows have room for, and bounds of one. */
const HEIGHT = 400;
const LEAST_ROW = 6;
const MOST_ROW = 14;
/** Cells of a short text are not wider than this. */
const MOST_CELL = 24;

const NOT_READ = "Activations of the units, not read yet";

/** @typedef {{row: number, column: number}} Cell */
/** @typedef {object} Told what the grid tells of what happens to it
 * @property {(unit: number) => void} choose a row was pressed
 * @property {(column: number | null) => void} point a character is pointed at, or none
 */

export class UnitGrid {
  #frame;
  #canvas;
  #chosen;
  #ends;
  #reading;
  #table;
  #colours;
  #told;

  /** @type {UnitsResult | null} */
  #answer = null;
  /** Rows times characters. */
  #steps = new Int8Array();
  #shown = 0;
  /** @type {Cell | null} */
  #pointed = null;

  /**
   * @param {HTMLElement} element
   * @param {DivergingScale} colours
   * @param {Told} told
   */
  constructor(element, colours, told) {
    this.#frame = requireElement(element, "#units_grid", HTMLElement);
    this.#canvas = requireElement(element, "#units_grid canvas", HTMLCanvasElement);
    this.#chosen = requireElement(element, ".unit-chosen", HTMLElement);
    this.#ends = {
      first: requireElement(element, ".unit-first", HTMLElement),
      last: requireElement(element, ".unit-last", HTMLElement),
    };
    this.#reading = requireElement(element, "#units_grid_reading", HTMLElement);
    this.#table = new DataTable(requireElement(element, "#units_all", HTMLElement));
    this.#colours = colours;
    this.#told = told;
    this.#listen();
  }

  /**
   * Keep room, so that nothing jumps when an answer comes.
   *
   * @param {number} rows
   */
  reserve(rows) {
    const row = Math.max(LEAST_ROW, Math.min(MOST_ROW, Math.floor(HEIGHT / rows)));
    this.#frame.style.setProperty("--row", `${row}px`);
    this.#frame.style.setProperty("--rows", String(rows));
  }

  /**
   * @param {UnitsResult} answer
   * @param {{layer: number, unit: number, rows: number}} choice
   */
  show(answer, { layer, unit, rows }) {
    const { characters, grid, first, units } = answer;
    this.#answer = answer;
    this.#steps = Int8Array.from(atob(grid), (byte) => byte.charCodeAt(0));
    this.#shown = Math.min(rows, Math.floor(this.#steps.length / characters.length));
    const last = first + this.#shown - 1;
    this.#ends.first.textContent = String(first);
    this.#ends.last.textContent = last > first ? String(last) : "";
    this.#canvas.setAttribute(
      "aria-label",
      `Activations of the units ${first} to ${last} of ${units} in layer ${layer}, a row each, ` +
        `over the ${characters.length} characters of the text.`,
    );
    this.paint();
    this.#mark(unit - first);
    this.#read();
    this.#table.show(this.#summary());
  }

  /** The network is another: what the old one did is not shown as its. */
  clear() {
    this.#answer = null;
    this.#shown = 0;
    this.#pointed = null;
    this.#canvas.width = this.#canvas.height = 0;
    this.#frame.style.setProperty("--shown", "0"); // only what is reserved for the new one is left
    this.#canvas.setAttribute("aria-label", NOT_READ);
    this.#ends.first.textContent = "";
    this.#ends.last.textContent = "";
    this.#mark(-1);
    this.#read();
    this.#table.show(this.#summary());
  }

  paint() {
    if (!this.#answer) return;
    const width = this.#answer.characters.length;
    const height = this.#shown;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#frame.style.setProperty("--shown", String(height));
      this.#frame.style.setProperty("--most-width", `${width * MOST_CELL}px`);
    }
    this.#canvas
      .getContext("2d")
      ?.putImageData(this.#colours.image(this.#steps, width, height), 0, 0);
  }

  #listen() {
    this.#canvas.addEventListener("pointermove", (event) => this.#point(this.#cellAt(event)));
    this.#canvas.addEventListener("pointerleave", () => this.#point(null));
    this.#canvas.addEventListener("click", (event) => {
      const cell = this.#cellAt(event);
      if (cell && this.#answer) this.#told.choose(this.#answer.first + cell.row);
    });
  }

  /**
   * @param {MouseEvent} event
   * @returns {Cell | null}
   */
  #cellAt({ offsetX, offsetY }) {
    const { clientWidth, clientHeight, width, height } = this.#canvas;
    const column = Math.floor((offsetX / clientWidth) * width);
    const row = Math.floor((offsetY / clientHeight) * height);
    const isInside = column >= 0 && column < width && row >= 0 && row < this.#shown;
    return isInside ? { row, column } : null;
  }

  /** @param {Cell | null} cell */
  #point(cell) {
    this.#pointed = cell;
    this.#told.point(cell ? cell.column : null);
    this.#read();
  }

  #read() {
    const { first = 1, units = 0, characters = [] } = this.#answer ?? {};
    if (!this.#pointed || !this.#answer) {
      this.#reading.textContent = units ? `${units.toLocaleString("en")} units` : "";
      return;
    }
    const { row, column } = this.#pointed;
    const character = quoted(characters[column] ?? "");
    const value = inDecimals(this.#at(row, column));
    this.#reading.textContent = `unit ${first + row} after ${character}: ${value}`;
  }

  /** @param {number} row of the chosen unit; beyond the rows that are shown it is not marked */
  #mark(row) {
    this.#chosen.hidden = !(row >= 0 && row < this.#shown);
    this.#frame.style.setProperty("--chosen", String(row));
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  #at(row, column) {
    const { characters = [], scale = 1 } = this.#answer ?? {};
    return ((this.#steps[row * characters.length + column] ?? 0) * scale) / STEPS;
  }

  /** Of each unit that is shown, its mean and its range. */
  #summary() {
    const { characters = [], first = 1, scale = 1 } = this.#answer ?? {};
    const width = characters.length;
    return Array.from({ length: this.#shown }, (_, row) => {
      const steps = this.#steps.subarray(row * width, (row + 1) * width);
      const sum = steps.reduce((before, step) => before + step, 0);
      const numbers = [sum / width, Math.min(...steps), Math.max(...steps)];
      return [String(first + row), ...numbers.map((step) => inDecimals((step * scale) / STEPS))];
    });
  }
}
