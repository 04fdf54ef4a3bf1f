/** Exports the curve as PNG: larger than on the page, with axis labels and a legend. */

/** @import { CurvePlot } from "./plot.js" */

import uPlot from "uplot";
import { previousRunsText } from "./summary.js";
import { dataOf, optionsFor } from "./plot_options.js";

const WIDTH = 1200;
const HEIGHT = 600;
const FONT_SIZE = 16;
/** Around the plot. The legend is above it. */
const MARGIN = 20;
const LEGEND_HEIGHT = 28;
const LEGEND_LINE = 26;
const FILE_NAME = "charnn-curve.png";

/**
 * @param {CurvePlot} curve
 * @param {HTMLElement} element with the page's colours and font
 */
export async function savePng(curve, element) {
  const style = getComputedStyle(element);
  const plot = await drawnPlot(curve, style);
  const canvas = withMargins(plot.ctx.canvas, curve, style);
  plot.destroy();
  canvas.toBlob((picture) => {
    if (picture) download(picture);
  }, "image/png");
}

/**
 * @param {CurvePlot} curve
 * @param {CSSStyleDeclaration} style
 * @returns {Promise<uPlot>}
 */
async function drawnPlot(curve, style) {
  const plotStyle = {
    style,
    width: WIDTH,
    height: HEIGHT,
    fontSize: FONT_SIZE,
    linear: curve.linear,
    labelled: true,
  };
  const options = optionsFor(plotStyle, curve.content);
  return new Promise((resolve) => {
    const hooks = { ...options.hooks, draw: [...(options.hooks?.draw ?? []), resolve] };
    new uPlot({ ...options, hooks }, dataOf(curve.page.points), document.createElement("div"));
  });
}

/**
 * @param {HTMLCanvasElement} plot
 * @param {CurvePlot} curve
 * @param {CSSStyleDeclaration} style
 */
function withMargins(plot, curve, style) {
  const scale = plot.width / WIDTH;
  const canvas = document.createElement("canvas");
  canvas.width = plot.width + 2 * MARGIN * scale;
  canvas.height = plot.height + (2 * MARGIN + LEGEND_HEIGHT) * scale;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = style.getPropertyValue("--paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(plot, MARGIN * scale, (MARGIN + LEGEND_HEIGHT) * scale);
  context.scale(scale, scale);
  drawLegend(context, legendOf(curve), style);
  return canvas;
}

/** @typedef {{token: string, label: string, dash?: number[]}} Entry */

/**
 * The legend's entries: one for each line drawn.
 *
 * @param {CurvePlot} curve
 * @returns {Entry[]}
 */
function legendOf({ page, previousRuns }) {
  const { validation, rates } = page.points;
  /** @type {[boolean, Entry][]} */
  const entries = [
    [true, { token: "--curve", label: "training" }],
    [validation.some(Number), { token: "--heldout", label: "validation" }],
    [rates.some(Number), { token: "--rate", label: "learning rate", dash: [3, 3] }],
    [previousRuns.length > 0, { token: "--edge", label: previousRunsText(previousRuns.length) }],
  ];
  return entries.filter(([isDrawn]) => isDrawn).map(([, entry]) => entry);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Entry[]} entries
 * @param {CSSStyleDeclaration} style
 */
function drawLegend(context, entries, style) {
  const y = MARGIN + LEGEND_HEIGHT / 2;
  let x = MARGIN + 2 * FONT_SIZE;
  context.font = `${FONT_SIZE}px ${style.fontFamily}`;
  context.textBaseline = "middle";
  context.lineWidth = 2;
  for (const { token, label, dash } of entries) {
    context.strokeStyle = style.getPropertyValue(token);
    context.setLineDash(dash ?? []);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + LEGEND_LINE, y);
    context.stroke();
    context.fillStyle = style.getPropertyValue("--ink-soft");
    context.fillText(label, x + LEGEND_LINE + FONT_SIZE / 2, y);
    x += LEGEND_LINE + context.measureText(label).width + 2.5 * FONT_SIZE;
  }
}

/** @param {Blob} picture */
function download(picture) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(picture);
  link.download = FILE_NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href)); // after the download has started
}
