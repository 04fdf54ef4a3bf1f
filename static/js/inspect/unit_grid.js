/** A heat map of a layer's activations: a row for each unit, a column for each character. */

/** @import { DivergingScale } from "../ui/color_scale.js" */
/** @import { UnitsResult } from "../protocol" */

import { toDecimals, STEPS } from "../ui/color_scale.js";
import { DataTable } from "../ui/data_table.js";
import { quoted } from "../format.js";
import { requireElement } from "../ui/dom.js";

/** Pixels of all rows, and the bounds of one row's height. */
const HEIGHT = 400;
const MIN_ROW = 6;
const MAX_ROW = 14;
/** Pixels: the maximum width of a cell. */
const MAX_CELL = 24;

const NOT_READ = "Activations of the units, not loaded yet";

/** @typedef {{row: number, column: number}} Cell */
/** @typedef {object} GridEvents callbacks of the grid
 * @property {(unit: number) => void} choose a row was clicked
 * @property {(column: number | null) => void} point the pointer is at this column, or has left
 */

export class UnitGrid {
  #element;
  #canvas;
  #marker;
  #labels;
  #reading;
  #table;
  #colorScale;
  #events;

  /** @type {UnitsResult | null} */
  #answer = null;
  /** Rows times characters. */
  #steps = new Int8Array();
  #shown = 0;
  /** @type {Cell | null} */
  #pointed = null;

  /**
   * @param {HTMLElement} element
   * @param {DivergingScale} colorScale
   * @param {GridEvents} events
   */
  constructor(element, colorScale, events) {
    this.#element = requireElement(element, "#units_grid", HTMLElement);
    this.#canvas = requireElement(element, "#units_grid canvas", HTMLCanvasElement);
    this.#marker = requireElement(element, ".unit-chosen", HTMLElement);
    this.#labels = {
      first: requireElement(element, ".unit-first", HTMLElement),
      last: requireElement(element, ".unit-last", HTMLElement),
    };
    this.#reading = requireElement(element, "#units_grid_reading", HTMLElement);
    this.#table = new DataTable(requireElement(element, "#units_all", HTMLElement));
    this.#colorScale = colorScale;
    this.#events = events;
    this.#listen();
  }

  /**
   * Reserve space, so that an answer causes no layout shift.
   *
   * @param {number} rows
   */
  reserve(rows) {
    const row = Math.max(MIN_ROW, Math.min(MAX_ROW, Math.floor(HEIGHT / rows)));
    this.#element.style.setProperty("--row", `${row}px`);
    this.#element.style.setProperty("--rows", String(rows));
  }

  /**
   * @param {UnitsResult} answer
   * @param {{layer: number, unit: number, rows: number}} selection
   */
  show(answer, { layer, unit, rows }) {
    const { characters, grid, first, units } = answer;
    this.#answer = answer;
    this.#steps = Int8Array.from(atob(grid), (byte) => byte.charCodeAt(0));
    this.#shown = Math.min(rows, Math.floor(this.#steps.length / characters.length));
    const last = first + this.#shown - 1;
    this.#labels.first.textContent = String(first);
    this.#labels.last.textContent = last > first ? String(last) : "";
    this.#canvas.setAttribute(
      "aria-label",
      `Activations of the units ${first} to ${last} of ${units} in layer ${layer}, a row each, ` +
        `over the ${characters.length} characters of the text.`,
    );
    this.paint();
    this.#select(unit - first);
    this.#updateReading();
    this.#table.show(this.#summary());
  }

  /** Remove the activations of the previous network. */
  clear() {
    this.#answer = null;
    this.#shown = 0;
    this.#pointed = null;
    this.#canvas.width = this.#canvas.height = 0;
    this.#element.style.setProperty("--shown", "0"); // leaves only the reserved space
    this.#canvas.setAttribute("aria-label", NOT_READ);
    this.#labels.first.textContent = "";
    this.#labels.last.textContent = "";
    this.#select(-1);
    this.#updateReading();
    this.#table.show(this.#summary());
  }

  paint() {
    if (!this.#answer) return;
    const width = this.#answer.characters.length;
    const height = this.#shown;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#element.style.setProperty("--shown", String(height));
      this.#element.style.setProperty("--most-width", `${width * MAX_CELL}px`);
    }
    this.#canvas
      .getContext("2d")
      ?.putImageData(this.#colorScale.image(this.#steps, width, height), 0, 0);
  }

  #listen() {
    this.#canvas.addEventListener("pointermove", (event) => this.#point(this.#cellAt(event)));
    this.#canvas.addEventListener("pointerleave", () => this.#point(null));
    this.#canvas.addEventListener("click", (event) => {
      const cell = this.#cellAt(event);
      if (cell && this.#answer) this.#events.choose(this.#answer.first + cell.row);
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
    this.#events.point(cell ? cell.column : null);
    this.#updateReading();
  }

  #updateReading() {
    const { first = 1, units = 0, characters = [] } = this.#answer ?? {};
    if (!this.#pointed || !this.#answer) {
      this.#reading.textContent = units ? `${units.toLocaleString("en")} units` : "";
      return;
    }
    const { row, column } = this.#pointed;
    const character = quoted(characters[column] ?? "");
    const value = toDecimals(this.#valueAt(row, column));
    this.#reading.textContent = `unit ${first + row} after ${character}: ${value}`;
  }

  /** @param {number} row of the selected unit; hidden if it is not on this page */
  #select(row) {
    this.#marker.hidden = !(row >= 0 && row < this.#shown);
    this.#element.style.setProperty("--chosen", String(row));
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  #valueAt(row, column) {
    const { characters = [], scale = 1 } = this.#answer ?? {};
    return ((this.#steps[row * characters.length + column] ?? 0) * scale) / STEPS;
  }

  /** The mean and range of each unit shown. */
  #summary() {
    const { characters = [], first = 1, scale = 1 } = this.#answer ?? {};
    const width = characters.length;
    return Array.from({ length: this.#shown }, (_, row) => {
      const steps = this.#steps.subarray(row * width, (row + 1) * width);
      const sum = steps.reduce((before, step) => before + step, 0);
      const numbers = [sum / width, Math.min(...steps), Math.max(...steps)];
      return [String(first + row), ...numbers.map((step) => toDecimals((step * scale) / STEPS))];
    });
  }
}
