/** The curve in words: the point under the pointer, and the whole for those who do not see it. */

/** @import uPlot from "../../vendor/uPlot.esm.min.js" */
/** @import { Page, Points } from "../state/store.js" */
/** @import { Range } from "./zoom.js" */

/**
 * The point under the pointer.
 *
 * @param {uPlot} plot
 */
export function pointed(plot) {
  const index = plot.cursor.idx;
  const [step, value, heldOut, rate] = plot.data.map((column) =>
    index === null || index === undefined ? undefined : column[index],
  );
  if (typeof step !== "number" || typeof value !== "number") return "";
  const validation = typeof heldOut === "number" ? `, ${heldOut.toFixed(2)} validation` : "";
  const at = typeof rate === "number" ? ` at rate ${Number(rate.toPrecision(3))}` : "";
  return `perplexity ${value.toFixed(2)}${validation} after ${step.toLocaleString("en")} steps${at}`;
}

/**
 * The curve, as far as it has come.
 *
 * @param {Page} page
 */
export function curveInWords({ points, runs }) {
  const line = lineInWords(points);
  const count = runs.previous.length;
  const grey = count ? `; ${previousRunsInWords(count)} in grey` : "";
  return `Curve of the perplexity: ${line}${grey}`;
}

/** @param {Points} points */
function lineInWords({ steps, perplexities, heldOut }) {
  const first = perplexities.find((value) => value !== null);
  const last = perplexities.findLast((value) => value !== null);
  const lastHeldOut = heldOut.findLast((value) => value !== null);
  if (typeof first !== "number" || typeof last !== "number") return "no points yet";
  const validation =
    typeof lastHeldOut === "number"
      ? `; ${lastHeldOut.toFixed(2)} on the validation sentences`
      : "";
  return `from ${first.toFixed(2)} to ${last.toFixed(2)} in ${steps.at(-1)} steps${validation}`;
}

/** @param {number} count */
export function previousRunsInWords(count) {
  return count === 1 ? "1 earlier run" : `${count} earlier runs`;
}

/** @param {Range | null} range */
export function viewInWords(range) {
  if (!range) return "The whole curve is shown.";
  return `Steps ${inSteps(range.from)} to ${inSteps(range.to)} are shown.`;
}

/** @param {number} step */
function inSteps(step) {
  return Math.round(step).toLocaleString("en");
}
