/** Units that follow a simple feature of the text it learns, the best first. */

/** @import { Connection } from "../net/connection.js" */
/** @import { FindUnitsRequest, UnitMatch, FindUnitsResult } from "../protocol" */
/** @import { UnitChoice } from "./unit_picker.js" */

import { inDecimals } from "../ui/color_scale.js";
import { bindFieldError, showFault } from "../ui/field_error.js";
import { requireElement } from "../ui/dom.js";
import { LiveQuery } from "../net/live_query.js";

/** @typedef {FindUnitsRequest["feature"]} Feature */

/** Comparing takes longer than reading a text, and its outcome changes slowly. */
const PACE_MS = 1_500;

/** Why there is none, where that is the text's doing.
 * @type {Record<Feature, string>} */
const LACKS = {
  word_position: "no letters",
  quotes: "no quotation marks",
  brackets: "no brackets",
  digit: "no digits",
  sentence_position: "no sentences",
};

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 * @param {UnitChoice} choice
 */
export function mountFinding(element, connection, choice) {
  const finding = requireElement(element, "#units_finding", HTMLElement);
  const feature = requireElement(finding, "#units_feature", HTMLSelectElement);
  const wait = requireElement(finding, "#units_finding_wait", HTMLElement);
  const list = new Ranking(finding, (found) => choice.choose(found.layer, found.unit));
  bindFieldError(finding, connection.store, "units_feature", feature);

  const query = new LiveQuery(finding, connection, {
    event: "find_units",
    panel: finding,
    question: () => ({ feature: /** @type {Feature} */ (feature.value), state: choice.state }),
    places: { feature: "units_feature" },
    pace: PACE_MS,
    show: (answer, question) => list.show(answer, question.feature),
    isEmpty: ({ found }) => found.length === 0,
    wait: (fault) => showFault(wait, fault),
  });
  feature.addEventListener("change", () => query.changed());
  return {
    clear: () => {
      list.clear();
      query.forget();
    },
    /** The person looks at something else. */
    changed: () => {
      list.mark(choice);
      query.changed();
    },
  };
}

/** The list; its places stay while units change places, so that focus stays on its place. */
class Ranking {
  #places;
  #outcome;
  /** @type {UnitMatch[]} */
  #found = [];
  /** @type {{layer: number, unit: string}} */
  #chosen = { layer: 0, unit: "" };

  /**
   * @param {HTMLElement} element
   * @param {(found: UnitMatch) => void} choose
   */
  constructor(element, choose) {
    this.#outcome = requireElement(element, "#units_finding_outcome", HTMLElement);
    this.#places = [...element.querySelectorAll(".found > li")].map((item) => ({
      item: /** @type {HTMLElement} */ (item),
      button: requireElement(item, "button", HTMLButtonElement),
      name: requireElement(item, ".found-name", HTMLElement),
      bar: requireElement(item, ".found-bar", HTMLElement),
      number: requireElement(item, ".found-number", HTMLElement),
    }));
    for (const [index, { button }] of this.#places.entries()) {
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
    for (const [index, { item, name, bar, number }] of this.#places.entries()) {
      const unit = found[index];
      item.hidden = !unit;
      if (!unit) continue;
      name.textContent = `layer ${unit.layer}, unit ${unit.unit}`;
      number.textContent = inDecimals(unit.correlation);
      bar.classList.toggle("against", unit.correlation < 0);
      bar.style.setProperty("--size", String(Math.abs(unit.correlation)));
    }
    this.#outcome.textContent = outcomeOf(found, read, feature);
    this.#press();
  }

  /** The network is another: these units are not its own. */
  clear() {
    this.#found = [];
    for (const { item } of this.#places) item.hidden = true;
    this.#outcome.textContent = "";
  }

  /** @param {{layer: number, unit: string}} chosen */
  mark({ layer, unit }) {
    this.#chosen = { layer, unit };
    this.#press();
  }

  #press() {
    const { layer, unit } = this.#chosen;
    for (const [index, { button }] of this.#places.entries()) {
      const found = this.#found[index];
      const isChosen = found?.layer === layer && String(found.unit) === unit.trim();
      button.setAttribute("aria-pressed", String(isChosen));
    }
  }
}

/**
 * @param {UnitMatch[]} found
 * @param {number} read
 * @param {Feature} feature
 */
function outcomeOf(found, read, feature) {
  const characters = `${read.toLocaleString("en")} characters of the training text`;
  if (found.length > 0) return `Pearson’s correlation, over ${characters}.`;
  return `No unit correlates with it: the ${characters} that were read contain ${LACKS[feature]}, or no unit changes.`;
}
