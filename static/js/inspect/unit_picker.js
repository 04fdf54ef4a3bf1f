/** The selected layer, state and unit, and the page of units that the grid shows. */

/** @import { Store } from "../state/store.js" */
/** @import { State, UnitsRequest } from "../protocol" */

import { bindFieldError } from "../ui/field_error.js";
import { requireElement } from "../ui/dom.js";

/** Units per page of the grid: the server sends no more. */
const MAX_ROWS = 72;
/** From the last key to the query. */
const DEBOUNCE_MS = 150;

const STATE_HINTS = { h: "The output of the layer.", c: "The internal memory of the layer." };

/** The page's field that shows an error, by the request's field. */
export const UNIT_ERROR_FIELDS = {
  layer: "units_layer",
  state: "units_state",
  unit: "units_unit",
  first: "units_unit", // which it follows
};

export class UnitPicker {
  /** The first unit that the grid shows. */
  first = 1;

  #layer;
  #state;
  #stateHint;
  #unit;
  #unitHint;
  #changed = () => {};
  /** The unit as typed, after the debounce. */
  #entered = "1";
  /** @type {number[]} units of each layer */
  #sizes = [1];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #debounce;

  /**
   * @param {HTMLElement} element
   * @param {Store} store
   */
  constructor(element, store) {
    this.#layer = requireElement(element, "#units_layer", HTMLSelectElement);
    this.#state = requireElement(element, "#units_state", HTMLSelectElement);
    this.#stateHint = requireElement(element, "#units_state_hint", HTMLElement);
    this.#unit = requireElement(element, "#units_unit", HTMLInputElement);
    this.#unitHint = requireElement(element, "#units_unit_hint", HTMLElement);
    bindFieldError(element, store, "units_layer", this.#layer);
    bindFieldError(element, store, "units_state", this.#state);
    bindFieldError(element, store, "units_unit", this.#unit);
    this.#listen(element);
    store.watch(
      (page) => page.net?.options, // the same object until the network is another
      (options) => {
        if (options) this.#fitNetwork(options);
      },
    );
  }

  /**
   * Call back now, and after each change.
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

  /** The unit, as typed. */
  get unit() {
    return this.#entered;
  }

  /** The number of units in the layer. */
  get size() {
    return this.#sizes[this.layer - 1] ?? 1;
  }

  /** The number of units on a page of the grid: pages have about the same height. */
  get rows() {
    return Math.ceil(this.size / Math.ceil(this.size / MAX_ROWS));
  }

  /**
   * @param {string} text
   * @returns {UnitsRequest}
   */
  params(text) {
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
    this.#apply();
  }

  /** @param {number} pages forwards; negative: backwards */
  turnPages(pages) {
    const first = this.first + pages * this.rows;
    if (first < 1 || first > this.size) return;
    this.first = first;
    this.#changed();
  }

  /** @param {HTMLElement} element */
  #listen(element) {
    this.#layer.addEventListener("change", () => {
      if (!this.#mayExist()) this.#unit.value = "1";
      this.#apply();
    });
    this.#state.addEventListener("change", () => this.#apply());
    this.#unit.addEventListener("input", () => {
      clearTimeout(this.#debounce);
      this.#debounce = setTimeout(() => this.#apply(), DEBOUNCE_MS);
    });
    this.#unit.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.#step(by);
    });
    const onClick = (/** @type {string} */ selector, /** @type {number} */ by) => {
      requireElement(element, selector, HTMLButtonElement).addEventListener("click", () =>
        this.#step(by),
      );
    };
    onClick("#units_unit_before", -1);
    onClick("#units_unit_after", 1);
  }

  /**
   * Fit the selection to a new network: a layer or unit that it lacks becomes the first.
   *
   * @param {State["options"]} options
   */
  #fitNetwork({ kind, hidden_sizes }) {
    const { layer } = this;
    this.#sizes = hidden_sizes;
    this.#layer.replaceChildren(...hidden_sizes.map((_, index) => new Option(String(index + 1))));
    this.#layer.value = String(layer <= hidden_sizes.length ? layer : 1);
    const cell = requireElement(this.#state, "option[value=c]", HTMLOptionElement);
    cell.disabled = kind !== "lstm";
    if (cell.disabled) this.#state.value = "h";
    if (!this.#mayExist()) this.#unit.value = "1";
    this.#apply();
  }

  /** Whether the layer may have the unit: the server refuses what is not a number. */
  #mayExist() {
    return !(Number(this.#unit.value) > this.size);
  }

  /** @param {number} by */
  #step(by) {
    const current = Number.parseInt(this.#unit.value, 10) || 1;
    this.#unit.value = String(Math.max(1, Math.min(this.size, current + by)));
    this.#apply();
  }

  #apply() {
    clearTimeout(this.#debounce);
    this.#entered = this.#unit.value;
    this.#stateHint.textContent = STATE_HINTS[this.state];
    this.#unitHint.textContent = `From 1 to ${this.size.toLocaleString("en")}.`;
    const unit = Number(this.#entered);
    const exists = Number.isInteger(unit) && unit >= 1 && unit <= this.size;
    if (exists) this.first = unit - ((unit - 1) % this.rows);
    else if (this.first > this.size) this.first = 1;
    this.#changed();
  }
}
