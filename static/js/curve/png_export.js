/** The curve as a picture to keep: larger than on the page, with its axes and its lines named. */

/** @import { CurvePlot } from "./plot.js" */

import uPlot from "../../vendor/uPlot.esm.min.js";
import { previousRunsInWords } from "./summary.js";
import { dataOf, optionsFor } from "./plot_options.js";

const WIDTH = 1200;
const HEIGHT = 600;
const TYPE = 16;
/** Around the plot; above it there is the key. */
const MARGIN = 20;
const KEY_HEIGHT = 28;
const KEY_LINE = 26;
const FILE_NAME = "charnn-curve.png";

/**
 * @param {CurvePlot} curve
 * @param {HTMLElement} place that has the page's colours and type
 */
export async function savePicture(curve, place) {
  const style = getComputedStyle(place);
  const plot = await drawn(curve, style);
  const canvas = framed(plot.ctx.canvas, curve, style);
  plot.destroy();
  canvas.toBlob((picture) => {
    if (picture) handOver(picture);
  }, "image/png");
}

/**
 * @param {CurvePlot} curve
 * @param {CSSStyleDeclaration} style
 * @returns {Promise<uPlot>}
 */
async function drawn(curve, style) {
  const look = {
    style,
    width: WIDTH,
    height: HEIGHT,
    type: TYPE,
    linear: curve.linear,
    labelled: true,
  };
  const options = optionsFor(look, curve.content);
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
function framed(plot, curve, style) {
  const scale = plot.width / WIDTH;
  const canvas = document.createElement("canvas");
  canvas.width = plot.width + 2 * MARGIN * scale;
  canvas.height = plot.height + (2 * MARGIN + KEY_HEIGHT) * scale;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = style.getPropertyValue("--paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(plot, MARGIN * scale, (MARGIN + KEY_HEIGHT) * scale);
  context.scale(scale, scale);
  drawKey(context, keyOf(curve), style);
  return canvas;
}

/** @typedef {{token: string, words: string, dash?: number[]}} Entry */

/**
 * The lines that the picture has.
 *
 * @param {CurvePlot} curve
 * @returns {Entry[]}
 */
function keyOf({ page, previousRuns }) {
  const { heldOut, rates } = page.points;
  /** @type {[boolean, Entry][]} */
  const entries = [
    [true, { token: "--curve", words: "training" }],
    [heldOut.some(Number), { token: "--heldout", words: "validation" }],
    [rates.some(Number), { token: "--rate", words: "learning rate", dash: [3, 3] }],
    [previousRuns.length > 0, { token: "--edge", words: previousRunsInWords(previousRuns.length) }],
  ];
  return entries.filter(([is]) => is).map(([, entry]) => entry);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Entry[]} entries
 * @param {CSSStyleDeclaration} style
 */
function drawKey(context, entries, style) {
  const y = MARGIN + KEY_HEIGHT / 2;
  let x = MARGIN + 2 * TYPE;
  context.font = `${TYPE}px ${style.fontFamily}`;
  context.textBaseline = "middle";
  context.lineWidth = 2;
  for (const { token, words, dash } of entries) {
    context.strokeStyle = style.getPropertyValue(token);
    context.setLineDash(dash ?? []);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + KEY_LINE, y);
    context.stroke();
    context.fillStyle = style.getPropertyValue("--ink-soft");
    context.fillText(words, x + KEY_LINE + TYPE / 2, y);
    x += KEY_LINE + context.measureText(words).width + 2.5 * TYPE;
  }
}

/** @param {Blob} picture */
function handOver(picture) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(picture);
  link.download = FILE_NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href)); // the browser has it by then
}
