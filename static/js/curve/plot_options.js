/** How the curve is drawn: its axes, its lines, and what lies behind and before them. */

/** @import { PreviousRun } from "../state/previous_runs.js" */
/** @import { Range } from "./zoom.js" */
/** @import { Annotation } from "./annotations.js" */
/** @import { Points } from "../state/store.js" */

import uPlot from "../../vendor/uPlot.esm.min.js";
import { ticksBetween, shortNumber } from "./axis_ticks.js";
import { drawPreviousRuns, yExtent } from "./previous_runs.js";
import { drawAnnotations } from "./annotations.js";

/**
 * What there is to draw, asked for anew with every drawing.
 *
 * @typedef {object} Content
 * @property {() => Range} range
 * @property {() => readonly PreviousRun[]} previousRuns
 * @property {() => readonly Annotation[]} annotations
 */
/**
 * @typedef {object} PlotStyle
 * @property {CSSStyleDeclaration} style where the colours and the type are taken from
 * @property {number} width
 * @property {number} height
 * @property {number} type size of the letters in pixels
 * @property {boolean} linear whether the perplexity's axis is, or else logarithmic
 * @property {boolean} labelled whether the axes say what they show
 */

/** The curve's range shows a little more than its points. */
const MARGIN = 1.12;
/** On a linear axis, a share of the range. */
const LINEAR_MARGIN = 0.06;
/** The perplexity of one who is always right and sure of it. */
const LEAST_PERPLEXITY = 1;
/** Shown before there is a point. */
const FIRST_RANGE = [1, 30];
/** Room of the learning rate's line around its range, so that it keeps to the upper part. */
const RATE_ROOM = 6;

/**
 * @param {Points} points
 * @returns {uPlot.AlignedData}
 */
export function dataOf({ steps, perplexities, heldOut, rates }) {
  return [steps, perplexities, heldOut, rates];
}

/**
 * @param {PlotStyle} look
 * @param {Content} content
 * @returns {uPlot.Options}
 */
export function optionsFor(look, content) {
  const colour = (/** @type {string} */ token) => look.style.getPropertyValue(token).trim();
  const font = `${look.type * devicePixelRatio}px ${look.style.fontFamily}`;
  const name = look.labelled ? { font, colour: colour("--ink-soft") } : undefined;
  return {
    width: look.width,
    height: look.height,
    padding: [look.labelled ? 1.5 * look.type : 14, 14, 0, 0],
    legend: { show: false },
    hooks: {
      drawAxes: [(plot) => drawPreviousRuns(plot, content.previousRuns(), colour("--edge"))],
      draw: [(plot) => drawAnnotations(plot, content.annotations(), colour("--edge"), name)],
    },
    scales: scalesFor(look, content),
    axes: axesFor(look, colour),
    series: seriesFor(colour),
  };
}

/**
 * @param {PlotStyle} look
 * @param {Content} content
 * @returns {uPlot.Scales}
 */
function scalesFor({ linear }, content) {
  const margin = linear ? linearMargin : logarithmicMargin;
  return {
    x: {
      time: false,
      range: () => {
        const { from, to } = content.range();
        return [from, Math.max(to, from + 1)];
      },
    },
    y: {
      distr: linear ? 1 : 3,
      range: (_, low, high) =>
        margin(...(yExtent([low, high], content.previousRuns(), content.range()) ?? FIRST_RANGE)),
    },
    rate: {
      distr: 3,
      range: (_, low, high) => [(low ?? 1e-4) / RATE_ROOM, (high ?? 1) * MARGIN],
    },
  };
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {uPlot.Range.MinMax}
 */
function logarithmicMargin(low = 1, high = 1) {
  return [low / MARGIN, high * MARGIN];
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {uPlot.Range.MinMax}
 */
function linearMargin(low = 1, high = 1) {
  const margin = Math.max((high - low) * LINEAR_MARGIN, high * 0.01);
  return [Math.max(low - margin, LEAST_PERPLEXITY), high + margin];
}

/**
 * @param {PlotStyle} look
 * @param {(token: string) => string} colour
 * @returns {uPlot.Axis[]}
 */
function axesFor({ style, type, linear, labelled }, colour) {
  const font = `${type}px ${style.fontFamily}`;
  const axis = {
    font,
    stroke: colour("--ink-soft"),
    grid: { stroke: colour("--rule"), width: 1 },
    ticks: { show: false },
    labelFont: font,
    labelSize: 1.8 * type,
  };
  const onLogarithmic = {
    /** @type {uPlot.Axis.Splits} */
    splits: (plot, _, low, high) => ticksBetween(low, high, plot.height),
    /** @type {uPlot.Axis.Filter} */
    filter: (_, marks) => marks,
  };
  return [
    {
      ...axis,
      ...(labelled ? { label: "steps" } : {}),
      size: 2.5 * type,
      space: 70,
      values: (_, steps) => steps.map(shortNumber),
    },
    {
      ...axis,
      ...(labelled ? { label: "perplexity" } : {}),
      ...(linear ? {} : onLogarithmic),
      space: 3 * type,
      size: 3.5 * type,
      values: (_, marks) => marks.map(shortNumber),
    },
  ];
}

/**
 * @param {(token: string) => string} colour
 * @returns {uPlot.Series[]}
 */
function seriesFor(colour) {
  return [
    {},
    {
      stroke: colour("--curve"),
      fill: colour("--curve-wash"),
      width: 2,
      points: { show: false },
    },
    { stroke: colour("--heldout"), width: 2, spanGaps: true, points: { show: false } },
    {
      scale: "rate",
      stroke: colour("--rate"),
      width: 1,
      dash: [3, 3],
      paths: uPlot.paths.stepped?.({ align: -1 }),
      points: { show: false },
    },
  ];
}
