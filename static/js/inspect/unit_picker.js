/** Which layer, state and unit a person looks at, and which units of the layer the grid shows. */

/** @import { Store } from "../state/store.js" */
/** @import { State, UnitsRequest } from "../protocol" */

import { bindFieldError } from "../ui/field_error.js";
import { requireElement } from "../ui/dom.js";

/** Units of a page of the grid: the server tells of so many, however long the text. */
const MOST_ROWS = 72;
/** From the last key to the question: who types on has not meant what is there. */
const PAUSE_MS = 150;

/** What a state is to its layer. */
const MEANINGS = { h: "What the layer passes on.", c: "What the layer keeps to itself." };

/** Where faults are shown, by the field of the question. */
export const PLACES = {
  layer: "units_layer",
  state: "units_state",
  unit: "units_unit",
  first: "units_unit", // which it follows
};

export class UnitChoice {
  /** The first unit that the grid shows. */
  first = 1;

  #layer;
  #state;
  #stateMeaning;
  #unit;
  #unitRange;
  #changed = () => {};
  /** What stands in the unit's box since the person paused. */
  #asked = "1";
  /** @type {number[]} units of each layer */
  #sizes = [1];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /**
   * @param {HTMLElement} element
   * @param {Store} store
   */
  constructor(element, store) {
    this.#layer = requireElement(element, "#units_layer", HTMLSelectElement);
    this.#state = requireElement(element, "#units_state", HTMLSelectElement);
    this.#stateMeaning = requireElement(element, "#units_state_hint", HTMLElement);
    this.#unit = requireElement(element, "#units_unit", HTMLInputElement);
    this.#unitRange = requireElement(element, "#units_unit_hint", HTMLElement);
    bindFieldError(element, store, "units_layer", this.#layer);
    bindFieldError(element, store, "units_state", this.#state);
    bindFieldError(element, store, "units_unit", this.#unit);
    this.#listen(element);
    store.watch(
      (page) => page.net?.options, // the same object until the network is another
      (options) => {
        if (options) this.#fit(options);
      },
    );
  }

  /**
   * Call back now, and whenever the choice is another.
   *
   * @param {() => void} changed
   */
  watch(changed) {
    this.#changed = changed;
    changed();
  }

  get layer() {
    return Number(this.#layer.value);
  }

  get state() {
    return this.#state.value === "c" ? "c" : "h";
  }

  /** As it was typed. */
  get unit() {
    return this.#asked;
  }

  /** How many units the layer has. */
  get size() {
    return this.#sizes[this.layer - 1] ?? 1;
  }

  /** How many units the grid shows: in pages of about the same height. */
  get rows() {
    return Math.ceil(this.size / Math.ceil(this.size / MOST_ROWS));
  }

  /**
   * @param {string} text
   * @returns {UnitsRequest}
   */
  question(text) {
    const { layer, state, unit, first } = this;
    return { text, layer, state, unit, first };
  }

  /**
   * @param {number} layer
   * @param {number} unit
   */
  choose(layer, unit) {
    this.#layer.value = String(layer);
    this.#unit.value = String(unit);
    this.#settle();
  }

  /** @param {number} pages onwards, or back where it is less than 0 */
  turn(pages) {
    const first = this.first + pages * this.rows;
    if (first < 1 || first > this.size) return;
    this.first = first;
    this.#changed();
  }

  /** @param {HTMLElement} element */
  #listen(element) {
    this.#layer.addEventListener("change", () => {
      if (!this.#exists()) this.#unit.value = "1";
      this.#settle();
    });
    this.#state.addEventListener("change", () => this.#settle());
    this.#unit.addEventListener("input", () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#settle(), PAUSE_MS);
    });
    this.#unit.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.#step(by);
    });
    const press = (/** @type {string} */ selector, /** @type {number} */ by) => {
      requireElement(element, selector, HTMLButtonElement).addEventListener("click", () =>
        this.#step(by),
      );
    };
    press("#units_unit_before", -1);
    press("#units_unit_after", 1);
  }

  /**
   * The network is another: what it does not have goes back to the first.
   *
   * @param {State["options"]} options
   */
  #fit({ kind, hidden_sizes }) {
    const { layer } = this;
    this.#sizes = hidden_sizes;
    this.#layer.replaceChildren(...hidden_sizes.map((_, index) => new Option(String(index + 1))));
    this.#layer.value = String(layer <= hidden_sizes.length ? layer : 1);
    const cell = requireElement(this.#state, "option[value=c]", HTMLOptionElement);
    cell.disabled = kind !== "lstm";
    if (cell.disabled) this.#state.value = "h";
    if (!this.#exists()) this.#unit.value = "1";
    this.#settle();
  }

  /** Whether the layer has the unit, or might: what is no number is left to the server to refuse. */
  #exists() {
    return !(Number(this.#unit.value) > this.size);
  }

  /** @param {number} by */
  #step(by) {
    const now = Number.parseInt(this.#unit.value, 10) || 1;
    this.#unit.value = String(Math.max(1, Math.min(this.size, now + by)));
    this.#settle();
  }

  #settle() {
    clearTimeout(this.#pause);
    this.#asked = this.#unit.value;
    this.#stateMeaning.textContent = MEANINGS[this.state];
    this.#unitRange.textContent = `From 1 to ${this.size.toLocaleString("en")}.`;
    const unit = Number(this.#asked);
    const isThere = Number.isInteger(unit) && unit >= 1 && unit <= this.size;
    if (isThere) this.first = unit - ((unit - 1) % this.rows);
    else if (this.first > this.size) this.first = 1;
    this.#changed();
  }
}
