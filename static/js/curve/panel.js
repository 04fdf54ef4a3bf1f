/** The perplexity over the steps of training, and over those of the runs before. */

/** @import { Connection } from "../net/connection.js" */

import { mountControls } from "./toolbar.js";
import { AnnotationLabels } from "./annotations.js";
import { CurvePlot } from "./plot.js";
import { savePicture } from "./png_export.js";
import { mountTable } from "./table.js";
import { curveInWords, previousRunsInWords, pointed, viewInWords } from "./summary.js";
import { requireElement } from "../ui/dom.js";

/** How often the curve is put into words, for those who do not see it. */
const WORDS_MS = 5_000;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const place = requireElement(element, "#pplgraph", HTMLElement);
  const plot = mountPlot(element, place, store.page);
  new ResizeObserver(() => plot.fit()).observe(place);
  addEventListener("schemechange", () => plot.draw());
  store.watch(
    (page) => page.points,
    () => {
      plot.show(store.page);
      element.dataset.state = stateOf(plot);
    },
  );
  mountPreviousRunsLabel(element, store);
  requireElement(element, "#curve_png", HTMLButtonElement).addEventListener("click", () =>
    savePicture(plot, place),
  );
  setInterval(() => place.setAttribute("aria-label", curveInWords(store.page)), WORDS_MS);
}

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} place
 * @param {import("../state/store.js").Page} page
 */
function mountPlot(element, place, page) {
  const reading = requireElement(element, "#pplgraph_reading", HTMLElement);
  const view = requireElement(element, "#curve_view", HTMLElement);
  const labels = new AnnotationLabels(requireElement(element, "#curve_marks", HTMLElement));
  const plot = new CurvePlot(place, page, {
    drawn: (drawn) => labels.show(drawn, plot.content.annotations()),
    pointed: (drawn) => {
      reading.textContent = pointed(drawn);
      labels.point(drawn.cursor.left);
    },
    looked: (range) => {
      view.textContent = viewInWords(range);
      element.dataset.state = stateOf(plot);
      fillTable();
    },
  });
  const fillTable = mountTable(element, plot);
  mountControls(element, plot);
  return plot;
}

/**
 * @param {CurvePlot} plot
 * @returns {"empty" | "whole" | "part"}
 */
function stateOf({ range, page }) {
  if (page.points.steps.length === 0) return "empty";
  return range ? "part" : "whole";
}

/**
 * What is said of earlier runs beside the key, once there are some.
 *
 * @param {HTMLElement} element
 * @param {import("../state/store.js").Store} store
 */
function mountPreviousRunsLabel(element, store) {
  const entry = requireElement(element, ".curve-earlier", HTMLElement);
  const name = requireElement(entry, "#curve_earlier_name", HTMLElement);
  store.watch(
    (page) => page.runs.previous.length,
    (count) => {
      entry.classList.toggle("none", count === 0);
      name.textContent = previousRunsInWords(count);
    },
  );
}
