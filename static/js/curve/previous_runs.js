/** Earlier runs behind the curve, in grey: the older, the fainter. */

/** @import uPlot from "../../vendor/uPlot.esm.min.js" */
/** @import { PreviousRun } from "../state/previous_runs.js" */
/** @import { Range } from "./zoom.js" */

const FADING = 0.8;

/**
 * @param {uPlot} plot
 * @param {readonly PreviousRun[]} runs
 * @param {string} colour
 */
export function drawPreviousRuns(plot, runs, colour) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  runs.forEach((run, index) => {
    ctx.globalAlpha = FADING ** (runs.length - 1 - index);
    drawRun(plot, run);
  });
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {PreviousRun} run
 */
function drawRun(plot, { steps, perplexities }) {
  const { ctx } = plot;
  ctx.beginPath();
  steps.forEach((step, index) => {
    const value = perplexities[index];
    if (typeof value !== "number") return;
    ctx.lineTo(plot.valToPos(step, "x", true), plot.valToPos(value, "y", true));
  });
  ctx.stroke();
}

/**
 * The least and the largest perplexity in view, of these and of the earlier runs.
 *
 * @param {(number | null)[]} ends of the curve itself; null where it has nothing in view
 * @param {readonly PreviousRun[]} runs
 * @param {Range} range
 * @returns {[number, number] | null}
 */
export function yExtent(ends, runs, { from, to }) {
  let low = ends[0] ?? Infinity;
  let high = ends[1] ?? -Infinity;
  for (const { steps, perplexities } of runs) {
    steps.forEach((step, index) => {
      const value = perplexities[index];
      if (typeof value !== "number" || step < from || step > to) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  }
  return low <= high ? [low, high] : null;
}
