/** The uPlot options of the curve: axes, lines, previous runs and annotations. */

/** @import { PreviousRun } from "../state/previous_runs.js" */
/** @import { Range } from "./zoom.js" */
/** @import { Annotation } from "./annotations.js" */
/** @import { Points } from "../state/store.js" */
/** @import { LossUnit } from "../loss.js" */
/** @import { BestPoint } from "./best.js" */

import uPlot from "uplot";
import { ticksBetween, shortNumber } from "./axis_ticks.js";
import { LOSS_NAMES } from "../loss.js";
import { drawBest } from "./best.js";
import { drawPreviousRuns, yExtent } from "./previous_runs.js";
import { drawAnnotations } from "./annotations.js";

/**
 * The content, read on each draw.
 *
 * @typedef {object} Content
 * @property {() => Range} range
 * @property {() => readonly PreviousRun[]} previousRuns
 * @property {() => readonly Annotation[]} annotations
 * @property {LossUnit} lossUnit
 * @property {() => BestPoint | null} best the best validation loss so far
 */
/**
 * @typedef {object} PlotStyle
 * @property {CSSStyleDeclaration} style the source of colours and font
 * @property {number} width
 * @property {number} height
 * @property {number} fontSize in pixels
 * @property {boolean} linear whether the axis of the loss is linear instead of logarithmic
 * @property {boolean} labelled whether the axes have labels
 */

/** The range of the perplexity axis, relative to the points. */
const MARGIN = 1.12;
/** On a linear axis, as a share of the range. */
const LINEAR_MARGIN = 0.06;
const MIN_PERPLEXITY = 1;
const MIN_LOSS = 0;
/** Before the first point. */
const EMPTY_RANGE = [1, 30];
/** The margin below the learning rate's line, which keeps it in the upper part. */
const RATE_MARGIN = 6;

/**
 * @param {Points} points
 * @returns {uPlot.AlignedData}
 */
export function dataOf({ steps, perplexities, validation, rates }) {
  return [steps, perplexities, validation, rates];
}

/**
 * @param {PlotStyle} plotStyle
 * @param {Content} content
 * @returns {uPlot.Options}
 */
export function optionsFor(plotStyle, content) {
  const color = (/** @type {string} */ token) => plotStyle.style.getPropertyValue(token).trim();
  const font = `${plotStyle.fontSize * devicePixelRatio}px ${plotStyle.style.fontFamily}`;
  const labelStyle = plotStyle.labelled ? { font, color: color("--ink-soft") } : undefined;
  return {
    width: plotStyle.width,
    height: plotStyle.height,
    padding: [plotStyle.labelled ? 1.5 * plotStyle.fontSize : 14, 14, 0, 0],
    legend: { show: false },
    hooks: {
      drawAxes: [(plot) => drawPreviousRuns(plot, content.previousRuns(), color("--edge"))],
      draw: [
        (plot) => drawAnnotations(plot, content.annotations(), color("--edge"), labelStyle),
        (plot) => drawBest(plot, content.best(), color("--heldout")),
      ],
    },
    scales: scalesFor(plotStyle, content),
    axes: axesFor(plotStyle, content, color),
    series: seriesFor(color),
  };
}

/**
 * @param {PlotStyle} plotStyle
 * @param {Content} content
 * @returns {uPlot.Scales}
 */
function scalesFor({ linear }, content) {
  const least = content.lossUnit === "perplexity" ? MIN_PERPLEXITY : MIN_LOSS;
  const margin = linear ? linearMargin(least) : logarithmicMargin;
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
        margin(...(yExtent([low, high], content.previousRuns(), content.range()) ?? EMPTY_RANGE)),
    },
    rate: {
      distr: 3,
      range: (_, low, high) => [(low ?? 1e-4) / RATE_MARGIN, (high ?? 1) * MARGIN],
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
 * @param {number} least the least value of the axis
 * @returns {(low?: number, high?: number) => uPlot.Range.MinMax}
 */
function linearMargin(least) {
  return (low = 1, high = 1) => {
    const margin = Math.max((high - low) * LINEAR_MARGIN, high * 0.01);
    return [Math.max(low - margin, least), high + margin];
  };
}

/**
 * @param {PlotStyle} plotStyle
 * @param {Content} content
 * @param {(token: string) => string} color
 * @returns {uPlot.Axis[]}
 */
function axesFor({ style, fontSize, linear, labelled }, { lossUnit }, color) {
  const font = `${fontSize}px ${style.fontFamily}`;
  const axis = {
    font,
    stroke: color("--ink-soft"),
    grid: { stroke: color("--rule"), width: 1 },
    ticks: { show: false },
    labelFont: font,
    labelSize: 1.8 * fontSize,
  };
  const logarithmic = {
    /** @type {uPlot.Axis.Splits} */
    splits: (plot, _, low, high) => ticksBetween(low, high, plot.height),
    /** @type {uPlot.Axis.Filter} */
    filter: (_, ticks) => ticks,
  };
  return [
    {
      ...axis,
      ...(labelled ? { label: "steps" } : {}),
      size: 2.5 * fontSize,
      space: 70,
      values: (_, steps) => steps.map(shortNumber),
    },
    {
      ...axis,
      ...(labelled ? { label: LOSS_NAMES[lossUnit] } : {}),
      ...(linear ? {} : logarithmic),
      space: 3 * fontSize,
      size: 3.5 * fontSize,
      values: (_, ticks) => ticks.map(shortNumber),
    },
  ];
}

/**
 * @param {(token: string) => string} color
 * @returns {uPlot.Series[]}
 */
function seriesFor(color) {
  return [
    {},
    {
      stroke: color("--curve"),
      fill: color("--curve-wash"),
      width: 2,
      points: { show: false },
    },
    { stroke: color("--heldout"), width: 2, spanGaps: true, points: { show: false } },
    {
      scale: "rate",
      stroke: color("--rate"),
      width: 1,
      dash: [3, 3],
      paths: uPlot.paths.stepped?.({ align: -1 }),
      points: { show: false },
    },
  ];
}
