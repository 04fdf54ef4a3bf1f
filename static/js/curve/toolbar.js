/** The curve's controls: zoom, axis, previous runs. */

/** @import { CurvePlot } from "./plot.js" */

import { zoomIn, inView, pan, zoomOut } from "./zoom.js";
import { requireElement } from "../ui/dom.js";
import * as preferences from "../state/preferences.js";

const LINEAR = "curve.linear";
const PREVIOUS_RUNS = "curve.earlier";
/** The share of the range that an arrow key pans by. */
const PAN_SHARE = 0.25;

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
export function mountControls(element, plot) {
  mountAxis(element, plot);
  mountPreviousRuns(element, plot);
  mountZoom(element, plot);
  mountTouch(element, plot);
}

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
function mountAxis(element, plot) {
  const linear = requireElement(element, "#curve_linear", HTMLInputElement);
  const logarithmic = requireElement(element, "#curve_logarithmic", HTMLInputElement);
  linear.checked = preferences.get(LINEAR, false);
  logarithmic.checked = !linear.checked;
  plot.linear = linear.checked; // draws the plot for the first time
  for (const input of [linear, logarithmic]) {
    input.addEventListener("change", () => {
      plot.linear = linear.checked;
      preferences.set(LINEAR, linear.checked);
    });
  }
}

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
function mountPreviousRuns(element, plot) {
  const checkbox = requireElement(element, "#curve_earlier", HTMLInputElement);
  checkbox.checked = preferences.get(PREVIOUS_RUNS, true);
  plot.showsPreviousRuns = checkbox.checked;
  checkbox.addEventListener("change", () => {
    plot.showsPreviousRuns = checkbox.checked;
    preferences.set(PREVIOUS_RUNS, checkbox.checked);
  });
}

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
function mountZoom(element, plot) {
  const stage = requireElement(element, "#curve_stage", HTMLElement);
  const magnify = () => plot.setRange(zoomIn(plot.range, plot.extent));
  const reduce = () => plot.setRange(zoomOut(plot.range, plot.extent));
  const reset = () => plot.setRange(null);
  requireElement(element, "#curve_closer", HTMLButtonElement).addEventListener("click", magnify);
  requireElement(element, "#curve_wider", HTMLButtonElement).addEventListener("click", reduce);
  requireElement(element, "#curve_whole", HTMLButtonElement).addEventListener("click", reset);
  stage.addEventListener("dblclick", reset);

  /** @type {Record<string, () => void>} */
  const keys = {
    "+": magnify,
    "=": magnify, // the same key, without the shift
    "-": reduce,
    0: reset,
    ArrowLeft: () => panBy(plot, -PAN_SHARE),
    ArrowRight: () => panBy(plot, PAN_SHARE),
  };
  stage.addEventListener("keydown", (event) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}

/**
 * @param {CurvePlot} plot
 * @param {number} share of the range
 */
function panBy(plot, share) {
  const { from, to } = inView(plot.range, plot.extent);
  plot.setRange(pan(plot.range, plot.extent, (to - from) * share));
}

/**
 * Horizontal swipes pan the zoomed curve; vertical ones scroll the page.
 *
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
function mountTouch(element, plot) {
  const stage = requireElement(element, "#curve_stage", HTMLElement);
  /** @type {number | null} */
  let lastX = null;
  stage.addEventListener("pointerdown", ({ pointerType, clientX }) => {
    lastX = pointerType === "touch" && plot.range ? clientX : null;
  });
  stage.addEventListener("pointermove", ({ clientX }) => {
    if (lastX === null) return;
    panBy(plot, (lastX - clientX) / stage.clientWidth);
    lastX = clientX;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, () => {
      lastX = null;
    });
  }
}
