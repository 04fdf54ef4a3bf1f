/** The activations of a layer's units over the probe text: one unit in the text, many in a grid. */

/** @import { Connection } from "../net/connection.js" */
/** @import { UnitsRequest, UnitsResult } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { DivergingScale, ScaleLegend } from "../ui/color_scale.js";
import { showError } from "../ui/field_error.js";
import { mountUnitSearch } from "./unit_search.js";
import { requireElement } from "../ui/dom.js";
import { TEXT_ERROR_FIELD } from "../state/probe_text.js";
import { UNIT_ERROR_FIELDS, UnitPicker } from "./unit_picker.js";
import { UnitGrid } from "./unit_grid.js";
import { UnitText } from "./unit_text.js";
import { LiveQuery } from "../net/live_query.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const message = requireElement(element, "#units_wait", HTMLElement);
  const legend = new ScaleLegend(requireElement(element, ".activation-key", HTMLElement));
  const colorScale = new DivergingScale(element, () => {
    text.paint();
    grid.paint();
  });
  const text = new UnitText(element, colorScale);
  const grid = new UnitGrid(element, colorScale, {
    choose: (unit) => picker.choose(picker.layer, unit),
    point: (column) => text.point(column),
  });
  const picker = new UnitPicker(element, store);
  const pages = new Pages(element, picker);
  const search = mountUnitSearch(element, connection, picker);

  /**
   * @param {UnitsResult} answer
   * @param {UnitsRequest} params
   */
  const show = (answer, params) => {
    const unit = Number(params.unit);
    legend.show(answer.scale);
    text.show(answer, `unit ${unit} of layer ${params.layer}, ${params.state}`);
    grid.show(answer, { layer: Number(params.layer), unit, rows: picker.rows });
  };
  const query = new LiveQuery(requireElement(element, ".inspect-body", HTMLElement), connection, {
    event: "units",
    panel: element,
    params: () => (store.page.probeText ? picker.params(store.page.probeText) : null),
    errorFields: { ...UNIT_ERROR_FIELDS, ...TEXT_ERROR_FIELD },
    show,
    showError: (error) => showError(message, error),
  });
  picker.watch(() => {
    grid.reserve(picker.rows);
    pages.show();
    query.refresh();
    search.refresh();
  });
  store.watch(
    ({ net }) => networkId(net),
    () => {
      for (const each of [text, grid, search]) each.clear();
      query.reset();
    },
  );
  const sections = ["#units_one", "#units_all"].map((selector) =>
    requireElement(element, selector, HTMLElement),
  );
  store.watch(
    (page) => Boolean(page.fieldErrors[TEXT_ERROR_FIELD.text]),
    (hasError) => sections.forEach(({ classList }) => classList.toggle("is-stale", hasError)),
  );
  store.watch(
    (page) => page.probeText,
    () => query.refresh(),
  );
}

/** Buttons for the previous and next page of units in the grid. */
class Pages {
  #before;
  #after;
  #picker;

  /**
   * @param {HTMLElement} element
   * @param {UnitPicker} picker
   */
  constructor(element, picker) {
    this.#before = requireElement(element, "#units_before", HTMLButtonElement);
    this.#after = requireElement(element, "#units_after", HTMLButtonElement);
    this.#picker = picker;
    this.#before.addEventListener("click", () => picker.turnPages(-1));
    this.#after.addEventListener("click", () => picker.turnPages(1));
  }

  show() {
    const { first, rows, size } = this.#picker;
    for (const button of [this.#before, this.#after]) button.hidden = rows >= size;
    // Not `disabled`, so that the button keeps the focus on the last page.
    this.#before.setAttribute("aria-disabled", String(first <= 1));
    this.#after.setAttribute("aria-disabled", String(first + rows > size));
  }
}
