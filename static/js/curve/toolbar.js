/** The hands on the curve: which part of it, on which axis, and with earlier runs or without. */

/** @import { CurvePlot } from "./plot.js" */

import { zoomIn, inView, pan, zoomOut } from "./zoom.js";
import { requireElement } from "../ui/dom.js";
import * as preferences from "../state/preferences.js";

const LINEAR = "curve.linear";
const EARLIER = "curve.earlier";
/** Of what is in view, the share that an arrow key goes on. */
const STRIDE = 0.25;

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
  plot.linear = linear.checked; // which draws it for the first time
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
  const box = requireElement(element, "#curve_earlier", HTMLInputElement);
  box.checked = preferences.get(EARLIER, true);
  plot.showsPreviousRuns = box.checked;
  box.addEventListener("change", () => {
    plot.showsPreviousRuns = box.checked;
    preferences.set(EARLIER, box.checked);
  });
}

/**
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
function mountZoom(element, plot) {
  const stage = requireElement(element, "#curve_stage", HTMLElement);
  const magnify = () => plot.look(zoomIn(plot.range, plot.extent));
  const reduce = () => plot.look(zoomOut(plot.range, plot.extent));
  const reset = () => plot.look(null);
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
    ArrowLeft: () => go(plot, -STRIDE),
    ArrowRight: () => go(plot, STRIDE),
  };
  stage.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

/**
 * @param {CurvePlot} plot
 * @param {number} share of what is in view
 */
function go(plot, share) {
  const { from, to } = inView(plot.range, plot.extent);
  plot.look(pan(plot.range, plot.extent, (to - from) * share));
}

/**
 * A finger moves the part that is in view; up and down it moves the page, as everywhere.
 *
 * @param {HTMLElement} element
 * @param {CurvePlot} plot
 */
function mountTouch(element, plot) {
  const stage = requireElement(element, "#curve_stage", HTMLElement);
  /** @type {number | null} */
  let at = null;
  stage.addEventListener("pointerdown", ({ pointerType, clientX }) => {
    at = pointerType === "touch" && plot.range ? clientX : null;
  });
  stage.addEventListener("pointermove", ({ clientX }) => {
    if (at === null) return;
    go(plot, (at - clientX) / stage.clientWidth);
    at = clientX;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, () => {
      at = null;
    });
  }
}
