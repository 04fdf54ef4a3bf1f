/** The curve of the perplexity over training steps, of this run and of previous runs. */

/** @import { Connection } from "../net/connection.js" */

import { mountControls } from "./toolbar.js";
import { AnnotationLabels } from "./annotations.js";
import { CurvePlot } from "./plot.js";
import { savePng } from "./png_export.js";
import { mountTable } from "./table.js";
import { curveSummary, previousRunsText, pointSummary, rangeSummary } from "./summary.js";
import { inLossUnit } from "./loss_unit.js";
import { LOSS_NAMES } from "../loss.js";
import { requireElement } from "../ui/dom.js";

/** Between two updates of the curve's label for screen readers. */
const LABEL_MS = 5_000;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const container = requireElement(element, "#pplgraph", HTMLElement);
  const plot = mountPlot(element, container, inLossUnit(store.page));
  new ResizeObserver(() => plot.fit()).observe(container);
  const axis = requireElement(element, ".curve-tools .switch", HTMLFieldSetElement);
  const heading = requireElement(element, "#curve_loss", HTMLElement);
  addEventListener("schemechange", () => plot.draw());
  store.watch(
    (page) => page.points,
    () => {
      plot.show(inLossUnit(store.page));
      element.dataset.state = stateOf(plot);
    },
  );
  store.watch(
    (page) => page.lossUnit,
    (unit) => {
      axis.disabled = unit !== "perplexity"; // nats and bits are logarithms already
      heading.textContent = capitalized(LOSS_NAMES[unit]);
      if (unit === plot.page.lossUnit) return;
      plot.show(inLossUnit(store.page));
      plot.draw();
    },
  );
  mountPreviousRunsLabel(element, store);
  requireElement(element, "#curve_png", HTMLButtonElement).addEventListener("click", () =>
    savePng(plot, container),
  );
  setInterval(
    () => container.setAttribute("aria-label", curveSummary(inLossUnit(store.page))),
    LABEL_MS,
  );
}

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} container
 * @param {import("../state/store.js").Page} page
 */
function mountPlot(element, container, page) {
  const reading = requireElement(element, "#pplgraph_reading", HTMLElement);
  const rangeText = requireElement(element, "#curve_view", HTMLElement);
  const labels = new AnnotationLabels(requireElement(element, "#curve_marks", HTMLElement));
  const plot = new CurvePlot(container, page, {
    drawn: (drawn) => labels.show(drawn, plot.content.annotations()),
    cursorMoved: (drawn) => {
      reading.textContent = pointSummary(drawn, plot.page.lossUnit);
      labels.point(drawn.cursor.left);
    },
    rangeChanged: (range) => {
      rangeText.textContent = rangeSummary(range);
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
 * The legend's entry for previous runs, shown once there are some.
 *
 * @param {HTMLElement} element
 * @param {import("../state/store.js").Store} store
 */
function mountPreviousRunsLabel(element, store) {
  const item = requireElement(element, ".curve-earlier", HTMLElement);
  const label = requireElement(item, "#curve_earlier_name", HTMLElement);
  store.watch(
    (page) => page.runs.previous.length,
    (count) => {
      item.classList.toggle("none", count === 0);
      label.textContent = previousRunsText(count);
    },
  );
}

/** @param {string} text */
function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
