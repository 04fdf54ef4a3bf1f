/** Previous runs behind the curve, in grey: older ones are fainter. */

/** @import uPlot from "uplot" */
/** @import { PreviousRun } from "../state/previous_runs.js" */
/** @import { Range } from "./zoom.js" */

const FADE = 0.8;

/**
 * @param {uPlot} plot
 * @param {readonly PreviousRun[]} runs
 * @param {string} color
 */
export function drawPreviousRuns(plot, runs, color) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  runs.forEach((run, index) => {
    ctx.globalAlpha = FADE ** (runs.length - 1 - index);
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
 * The minimum and maximum perplexity in the range, of the curve and of previous runs.
 *
 * @param {(number | null)[]} extent of the curve itself; null if it has no points in the range
 * @param {readonly PreviousRun[]} runs
 * @param {Range} range
 * @returns {[number, number] | null}
 */
export function yExtent(extent, runs, { from, to }) {
  let low = extent[0] ?? Infinity;
  let high = extent[1] ?? -Infinity;
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
