/** What a layer's units do while the network reads the text: one in the text, many in a grid. */

/** @import { Connection } from "../net/connection.js" */
/** @import { UnitsRequest, UnitsResult } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { DivergingScale, ScaleLegend } from "../ui/color_scale.js";
import { showFault } from "../ui/field_error.js";
import { mountFinding } from "./unit_search.js";
import { requireElement } from "../ui/dom.js";
import { TEXT_PLACE } from "../state/probe_text.js";
import { PLACES, UnitChoice } from "./unit_picker.js";
import { UnitGrid } from "./unit_grid.js";
import { UnitText } from "./unit_text.js";
import { LiveQuery } from "../net/live_query.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const wait = requireElement(element, "#units_wait", HTMLElement);
  const key = new ScaleLegend(requireElement(element, ".activation-key", HTMLElement));
  const colours = new DivergingScale(element, () => {
    text.paint();
    grid.paint();
  });
  const text = new UnitText(element, colours);
  const grid = new UnitGrid(element, colours, {
    choose: (unit) => choice.choose(choice.layer, unit),
    point: (column) => text.point(column),
  });
  const choice = new UnitChoice(element, store);
  const pages = new Pages(element, choice);
  const finding = mountFinding(element, connection, choice);

  /**
   * @param {UnitsResult} answer
   * @param {UnitsRequest} question
   */
  const show = (answer, question) => {
    const unit = Number(question.unit);
    key.show(answer.scale);
    text.show(answer, `unit ${unit} of layer ${question.layer}, ${question.state}`);
    grid.show(answer, { layer: Number(question.layer), unit, rows: choice.rows });
  };
  const query = new LiveQuery(requireElement(element, ".inspect-body", HTMLElement), connection, {
    event: "units",
    panel: element,
    question: () => (store.page.probeText ? choice.question(store.page.probeText) : null),
    places: { ...PLACES, ...TEXT_PLACE },
    show,
    wait: (fault) => showFault(wait, fault),
  });
  choice.watch(() => {
    grid.reserve(choice.rows);
    pages.show();
    query.changed();
    finding.changed();
  });
  store.watch(
    ({ net }) => networkId(net),
    () => {
      for (const each of [text, grid, finding]) each.clear();
      query.forget();
    },
  );
  const shown = ["#units_one", "#units_all"].map((place) =>
    requireElement(element, place, HTMLElement),
  );
  store.watch(
    (page) => Boolean(page.fieldErrors[TEXT_PLACE.text]),
    (faulty) => shown.forEach(({ classList }) => classList.toggle("is-stale", faulty)),
  );
  store.watch(
    (page) => page.probeText,
    () => query.changed(),
  );
}

/** Turns to units that the grid has no room for. */
class Pages {
  #before;
  #after;
  #choice;

  /**
   * @param {HTMLElement} element
   * @param {UnitChoice} choice
   */
  constructor(element, choice) {
    this.#before = requireElement(element, "#units_before", HTMLButtonElement);
    this.#after = requireElement(element, "#units_after", HTMLButtonElement);
    this.#choice = choice;
    this.#before.addEventListener("click", () => choice.turn(-1));
    this.#after.addEventListener("click", () => choice.turn(1));
  }

  show() {
    const { first, rows, size } = this.#choice;
    for (const button of [this.#before, this.#after]) button.hidden = rows >= size;
    // Not disabled: focus stays here after the last page was reached by keyboard.
    this.#before.setAttribute("aria-disabled", String(first <= 1));
    this.#after.setAttribute("aria-disabled", String(first + rows > size));
  }
}
