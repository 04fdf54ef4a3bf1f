/** The best validation loss so far, as a point of the curve. */

/** @import uPlot from "uplot" */
/** @import { Page } from "../state/store.js" */

import { lossIn } from "../loss.js";

/** In pixels of the style sheet. */
const RADIUS = 4;

/** @typedef {{step: number, value: number}} BestPoint */

/**
 * @param {Page} page
 * @returns {BestPoint | null}
 */
export function bestOf({ net, lossUnit }) {
  if (!net?.best) return null;
  return { step: net.best.step, value: lossIn(Math.exp(net.best.loss), lossUnit) };
}

/**
 * @param {uPlot} plot
 * @param {BestPoint | null} best
 * @param {string} color
 */
export function drawBest(plot, best, color) {
  if (!best) return;
  const { ctx, bbox } = plot;
  const [x, y] = [plot.valToPos(best.step, "x", true), plot.valToPos(best.value, "y", true)];
  if (x < bbox.left || x > bbox.left + bbox.width || y < bbox.top || y > bbox.top + bbox.height) {
    return;
  }
  ctx.save();
  ctx.beginPath();
  ctx.arc(x, y, RADIUS * devicePixelRatio, 0, 2 * Math.PI);
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.restore();
}
