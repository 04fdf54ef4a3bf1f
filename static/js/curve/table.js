/** The curve as a table of numbers. It is filled while it is open. */

/** @import { CurvePlot } from "./plot.js" */

import { inView } from "./zoom.js";
import { requireElement } from "../ui/dom.js";

const MOST_ROWS = 20;
/** Numbers that change while they are read are of no use. */
const REFRESH_MS = 5_000;
const NOTHING = "–";

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 * @returns {() => void} to be called when other points are in view
 */
export function mountTable(element, plot) {
  const details = requireElement(element, "#curve_table", HTMLDetailsElement);
  const body = requireElement(details, "tbody", HTMLTableSectionElement);
  const earlier = requireElement(details, "#curve_earlier_list", HTMLElement);
  const fill = () => {
    if (!details.open) return;
    fillRows(body, rowsOf(plot));
    earlier.replaceChildren(
      ...plot.previousRuns.map(({ words }) => {
        const item = document.createElement("li");
        item.textContent = words;
        return item;
      }),
    );
  };
  details.addEventListener("toggle", () => {
    if (details.open) fill();
    else body.replaceChildren();
  });
  setInterval(fill, REFRESH_MS);
  return fill;
}

/**
 * @param {HTMLTableSectionElement} body
 * @param {string[][]} rows
 */
function fillRows(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    cells.forEach((words, at) => {
      const cell = row.cells[at] ?? row.insertCell();
      if (cell.textContent !== words) cell.textContent = words;
    });
  });
}

/**
 * Of the points in view as many as are read, evenly apart, the last of them being the newest.
 *
 * @param {CurvePlot} plot
 */
function rowsOf({ range, extent, page }) {
  const { steps, perplexities, heldOut, rates } = page.points;
  const { from, to } = inView(range, extent);
  const shown = [...steps.keys()].filter((index) => isWithin(steps[index], from, to));
  const stride = Math.ceil(shown.length / MOST_ROWS);
  return shown
    .filter((_, at) => (shown.length - 1 - at) % stride === 0)
    .map((index) => [
      (steps[index] ?? 0).toLocaleString("en"),
      toDecimals(perplexities[index]),
      toDecimals(heldOut[index]),
      rates[index] ? String(Number(rates[index].toPrecision(3))) : NOTHING,
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
function toDecimals(value) {
  return typeof value === "number" ? value.toFixed(2) : NOTHING;
}
