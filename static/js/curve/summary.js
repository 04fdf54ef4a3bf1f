/** Descriptions of the curve: the point under the pointer, the whole curve, the range shown. */

/** @import uPlot from "uplot" */
/** @import { Page, Points } from "../state/store.js" */
/** @import { LossUnit } from "../loss.js" */
/** @import { Range } from "./zoom.js" */

import { LOSS_NAMES, lossText } from "../loss.js";

/**
 * A description of the point under the pointer.
 *
 * @param {uPlot} plot
 * @param {LossUnit} unit of its losses
 */
export function pointSummary(plot, unit) {
  const index = plot.cursor.idx;
  const [step, value, validation, rate] = plot.data.map((column) =>
    index === null || index === undefined ? undefined : column[index],
  );
  if (typeof step !== "number" || typeof value !== "number") return "";
  const validationText =
    typeof validation === "number" ? `, ${validation.toFixed(2)} validation` : "";
  const rateText = typeof rate === "number" ? ` at rate ${Number(rate.toPrecision(3))}` : "";
  return `${lossText(value, unit)}${validationText} after ${step.toLocaleString("en")} steps${rateText}`;
}

/**
 * A description of the whole curve.
 *
 * @param {Page} page
 */
export function curveSummary({ points, runs, lossUnit }) {
  const line = lineSummary(points);
  const count = runs.previous.length;
  const previous = count ? `; ${previousRunsText(count)} in grey` : "";
  const name = lossUnit === "perplexity" ? "Perplexity curve" : `Curve in ${LOSS_NAMES[lossUnit]}`;
  return `${name}: ${line}${previous}`;
}

/** @param {Points} points */
function lineSummary({ steps, perplexities, validation }) {
  const first = perplexities.find((value) => value !== null);
  const last = perplexities.findLast((value) => value !== null);
  const lastValidation = validation.findLast((value) => value !== null);
  if (typeof first !== "number" || typeof last !== "number") return "no points yet";
  const validationText =
    typeof lastValidation === "number"
      ? `; ${lastValidation.toFixed(2)} on the validation sentences`
      : "";
  return `from ${first.toFixed(2)} to ${last.toFixed(2)} in ${steps.at(-1)} steps${validationText}`;
}

/** @param {number} count */
export function previousRunsText(count) {
  return count === 1 ? "1 previous run" : `${count} previous runs`;
}

/** @param {Range | null} range */
export function rangeSummary(range) {
  if (!range) return "The whole curve is shown.";
  return `Steps ${formatStep(range.from)} to ${formatStep(range.to)} are shown.`;
}

/** @param {number} step */
function formatStep(step) {
  return Math.round(step).toLocaleString("en");
}
