/** The units most correlated with a feature of the training text. */

/** @import { Connection } from "../net/connection.js" */
/** @import { FindUnitsRequest, UnitMatch, FindUnitsResult } from "../protocol" */
/** @import { UnitPicker } from "./unit_picker.js" */

import { toDecimals } from "../ui/color_scale.js";
import { bindFieldError, showError } from "../ui/field_error.js";
import { requireElement } from "../ui/dom.js";
import { LiveQuery } from "../net/live_query.js";

/** @typedef {FindUnitsRequest["feature"]} Feature */

/** The search is slower than other queries, and its result changes slowly. */
const MIN_INTERVAL_MS = 1_500;

/** What the text lacks if no unit correlates with a feature.
 * @type {Record<Feature, string>} */
const MISSING_FEATURE = {
  word_position: "no letters",
  quotes: "no quotation marks",
  brackets: "no brackets",
  digit: "no digits",
  sentence_position: "no sentences",
  line_position: "no lines",
  indentation: "no indented lines",
  string: "no strings",
  comment: "no comments",
};

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 * @param {UnitPicker} picker
 */
export function mountUnitSearch(element, connection, picker) {
  const section = requireElement(element, "#units_finding", HTMLElement);
  const feature = requireElement(section, "#units_feature", HTMLSelectElement);
  const message = requireElement(section, "#units_finding_wait", HTMLElement);
  const list = new Ranking(section, (found) => picker.choose(found.layer, found.unit));
  bindFieldError(section, connection.store, "units_feature", feature);

  const query = new LiveQuery(section, connection, {
    event: "find_units",
    panel: section,
    params: () => ({ feature: /** @type {Feature} */ (feature.value), state: picker.state }),
    errorFields: { feature: "units_feature" },
    minInterval: MIN_INTERVAL_MS,
    show: (answer, params) => list.show(answer, params.feature),
    isEmpty: ({ found }) => found.length === 0,
    showError: (error) => showError(message, error),
  });
  feature.addEventListener("change", () => query.refresh());
  return {
    clear: () => {
      list.clear();
      query.reset();
    },
    /** The selection has changed. */
    refresh: () => {
      list.select(picker);
      query.refresh();
    },
  };
}

/** The ranking. Its rows are fixed, so that the focus stays while the units in them change. */
class Ranking {
  #rows;
  #outcome;
  /** @type {UnitMatch[]} */
  #found = [];
  /** @type {{layer: number, unit: string}} */
  #selected = { layer: 0, unit: "" };

  /**
   * @param {HTMLElement} element
   * @param {(found: UnitMatch) => void} choose
   */
  constructor(element, choose) {
    this.#outcome = requireElement(element, "#units_finding_outcome", HTMLElement);
    this.#rows = [...element.querySelectorAll(".found > li")].map((item) => ({
      item: /** @type {HTMLElement} */ (item),
      button: requireElement(item, "button", HTMLButtonElement),
      name: requireElement(item, ".found-name", HTMLElement),
      bar: requireElement(item, ".found-bar", HTMLElement),
      number: requireElement(item, ".found-number", HTMLElement),
    }));
    for (const [index, { button }] of this.#rows.entries()) {
      button.addEventListener("click", () => {
        const found = this.#found[index];
        if (found) choose(found);
      });
    }
  }

  /**
   * @param {FindUnitsResult} answer
   * @param {Feature} feature
   */
  show({ found, read }, feature) {
    this.#found = found;
    for (const [index, { item, name, bar, number }] of this.#rows.entries()) {
      const unit = found[index];
      item.hidden = !unit;
      if (!unit) continue;
      name.textContent = `layer ${unit.layer}, unit ${unit.unit}`;
      number.textContent = toDecimals(unit.correlation);
      bar.classList.toggle("against", unit.correlation < 0);
      bar.style.setProperty("--size", String(Math.abs(unit.correlation)));
    }
    this.#outcome.textContent = outcomeText(found, read, feature);
    this.#updatePressed();
  }

  /** Remove the units of the previous network. */
  clear() {
    this.#found = [];
    for (const { item } of this.#rows) item.hidden = true;
    this.#outcome.textContent = "";
  }

  /** @param {{layer: number, unit: string}} selected */
  select({ layer, unit }) {
    this.#selected = { layer, unit };
    this.#updatePressed();
  }

  #updatePressed() {
    const { layer, unit } = this.#selected;
    for (const [index, { button }] of this.#rows.entries()) {
      const found = this.#found[index];
      const isSelected = found?.layer === layer && String(found.unit) === unit.trim();
      button.setAttribute("aria-pressed", String(isSelected));
    }
  }
}

/**
 * @param {UnitMatch[]} found
 * @param {number} read
 * @param {Feature} feature
 */
function outcomeText(found, read, feature) {
  const characters = `${read.toLocaleString("en")} characters of the training text`;
  if (found.length > 0) return `Pearson’s correlation, over ${characters}.`;
  return `No unit correlates with it: the ${characters} that were read contain ${MISSING_FEATURE[feature]}, or no unit changes.`;
}
