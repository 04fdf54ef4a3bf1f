/** The curve as a table, filled while it is open. */

/** @import { CurvePlot } from "./plot.js" */

import { inView } from "./zoom.js";
import { newElement, requireElement } from "../ui/dom.js";

const MAX_ROWS = 20;
/** Slow enough to read the numbers. */
const REFRESH_MS = 5_000;
const NO_VALUE = "–";

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 * @returns {() => void} updates the table, to be called after a change of the range
 */
export function mountTable(element, plot) {
  const details = requireElement(element, "#curve_table", HTMLDetailsElement);
  const body = requireElement(details, "tbody", HTMLTableSectionElement);
  const previousRuns = requireElement(details, "#curve_earlier_list", HTMLElement);
  const update = () => {
    if (!details.open) return;
    fillRows(body, rowsOf(plot));
    previousRuns.replaceChildren(
      ...plot.previousRuns.map(({ summary }) => newElement("li", "", summary)),
    );
  };
  details.addEventListener("toggle", () => {
    if (details.open) update();
    else body.replaceChildren();
  });
  setInterval(update, REFRESH_MS);
  return update;
}

/**
 * @param {HTMLTableSectionElement} body
 * @param {string[][]} rows
 */
function fillRows(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    cells.forEach((text, column) => {
      const cell = row.cells[column] ?? row.insertCell();
      if (cell.textContent !== text) cell.textContent = text;
    });
  });
}

/**
 * The rows for evenly spaced points in the range, the last one for the newest.
 *
 * @param {CurvePlot} plot
 */
function rowsOf({ range, extent, page }) {
  const { steps, perplexities, validation, rates } = page.points;
  const { from, to } = inView(range, extent);
  const shown = [...steps.keys()].filter((index) => isWithin(steps[index], from, to));
  const stride = Math.ceil(shown.length / MAX_ROWS);
  return shown
    .filter((_, at) => (shown.length - 1 - at) % stride === 0)
    .map((index) => [
      (steps[index] ?? 0).toLocaleString("en"),
      format(perplexities[index]),
      format(validation[index]),
      rates[index] ? String(Number(rates[index].toPrecision(3))) : NO_VALUE,
    ]);
}

/**
 * @param {number | undefined} step
 * @param {number} from
 * @param {number} to
 */
function isWithin(step, from, to) {
  return step !== undefined && step >= from && step <= to;
}

/** @param {number | null | undefined} value */
function format(value) {
  return typeof value === "number" ? value.toFixed(2) : NO_VALUE;
}
