/** The perplexity over the steps of training. */

/** @import { Connection } from "./connection.js" */
/** @import { Points } from "./store.js" */

import uPlot from "../vendor/uPlot.esm.js";
import { part } from "./part.js";

/** The curve's range shows a little more than its points. */
const MARGIN = 1.12;
/** What the perplexity axis is marked with, times powers of ten: about even steps of a logarithm. */
const MARKS = [1, 1.5, 2, 3, 4, 5, 7];
/** A range whose ends have less than this ratio is marked in even steps. */
const NARROW = 3;
/** Pixels that a mark needs. */
const MARK_HEIGHT = 26;
/** A learning rate that changes by more than this ratio from one point to the next is marked. */
const JUMP = 1.25;
/** Room of the learning rate's line around its range, so that it keeps to the upper part. */
const RATE_ROOM = 6;
/** How often the curve is put into words, for those who do not see it. */
const WORDS_MS = 5_000;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const place = part(element, "#pplgraph", HTMLElement);
  const reading = part(element, "#pplgraph_reading", HTMLElement);

  /** @type {uPlot | null} */
  let plot = null;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(optionsFor(place, reading), dataOf(store.page.points), place);
  };
  draw();
  new ResizeObserver(() => plot?.setSize(sizeOf(place))).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  store.watch(
    (page) => page.points,
    (points) => plot?.setData(dataOf(points)),
  );
  setInterval(() => place.setAttribute("aria-label", inWords(store.page.points)), WORDS_MS);
}

/**
 * @param {Points} points
 * @returns {uPlot.AlignedData}
 */
function dataOf({ steps, perplexities, heldOut, rates }) {
  return [steps, perplexities, heldOut, rates];
}

/** @param {HTMLElement} place */
function sizeOf(place) {
  return { width: place.clientWidth, height: place.clientHeight };
}

/**
 * @param {HTMLElement} place
 * @param {HTMLElement} reading
 * @returns {uPlot.Options}
 */
function optionsFor(place, reading) {
  const style = getComputedStyle(place);
  const colour = (/** @type {string} */ token) => style.getPropertyValue(token).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = {
    font,
    stroke: colour("--ink-soft"),
    grid: { stroke: colour("--rule"), width: 1 },
    ticks: { show: false },
  };
  return {
    ...sizeOf(place),
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    hooks: {
      setCursor: [(plot) => read(plot, reading)],
      draw: [(plot) => drawJumps(plot, colour("--rate"))],
    },
    scales: {
      x: { time: false, range: (_, __, last) => [0, Math.max(last ?? 0, 1)] },
      y: { distr: 3, range: (_, low, high) => [(low ?? 1) / MARGIN, (high ?? 30) * MARGIN] },
      rate: {
        distr: 3,
        range: (_, low, high) => [(low ?? 1e-4) / RATE_ROOM, (high ?? 1) * MARGIN],
      },
    },
    axes: [
      { ...axis, size: 30, space: 70, values: (_, steps) => steps.map(shortStep) },
      {
        ...axis,
        size: 40,
        splits: (plot, _, low, high) => marksBetween(low, high, plot.height),
        filter: (_, marks) => marks,
        values: (_, marks) => marks.map(String),
      },
    ],
    series: [
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
        paths: uPlot.paths.stepped?.({ align: -1 }),
        points: { show: false },
      },
    ],
  };
}

/**
 * Mark where the learning rate was changed at a stroke.
 *
 * @param {uPlot} plot
 * @param {string} colour
 */
function drawJumps(plot, colour) {
  const { ctx, bbox } = plot;
  const steps = plot.data[0];
  const rates = plot.data[3] ?? [];
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  for (let index = 1; index < rates.length; index++) {
    if (!isJump(rates[index - 1], rates[index])) continue;
    const x = Math.round(plot.valToPos(steps[index] ?? 0, "x", true));
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * @param {number | null | undefined} before
 * @param {number | null | undefined} after
 */
function isJump(before, after) {
  if (!before || !after) return false;
  return Math.max(before / after, after / before) > JUMP;
}

/**
 * Marks of the perplexity axis, as many as have room.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} height
 */
function marksBetween(low, high, height) {
  const needed = (Math.log(high / low) * MARK_HEIGHT) / height; // of the logarithm, for each mark
  let last = 0;
  return candidatesBetween(low, high).filter((mark) => {
    if (Math.log(mark / last) < needed) return false;
    last = mark;
    return true;
  });
}

/**
 * Round numbers, evenly spread over the logarithm; in a narrow range that is nearly linear.
 *
 * @param {number} low
 * @param {number} high
 */
function candidatesBetween(low, high) {
  const marks = high / low < NARROW ? linearMarks(low, high) : logarithmicMarks(low, high);
  return marks.filter((mark) => mark >= low && mark <= high);
}

/**
 * @param {number} low
 * @param {number} high
 */
function linearMarks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power < 2 ? 1 : rough / power < 5 ? 2 : 5);
  const first = Math.floor(low / step);
  const count = Math.ceil(high / step) - first + 1;
  return Array.from({ length: count }, (_, index) =>
    Number(((first + index) * step).toPrecision(4)),
  );
}

/**
 * @param {number} low
 * @param {number} high
 */
function logarithmicMarks(low, high) {
  const first = Math.floor(Math.log10(low));
  const count = Math.ceil(Math.log10(high)) - first + 1;
  const powers = Array.from({ length: count }, (_, index) => 10 ** (first + index));
  return powers.flatMap((power) => MARKS.map((mark) => Number((mark * power).toPrecision(3))));
}

/** @param {number} step */
function shortStep(step) {
  if (step >= 1_000_000) return `${step / 1_000_000}M`;
  return step >= 1_000 ? `${step / 1_000}k` : String(step);
}

/**
 * Put the point under the pointer into words.
 *
 * @param {uPlot} plot
 * @param {HTMLElement} reading
 */
function read(plot, reading) {
  const index = plot.cursor.idx;
  const [step, value, heldOut, rate] = plot.data.map((column) =>
    index === null || index === undefined ? undefined : column[index],
  );
  if (typeof step !== "number" || typeof value !== "number") {
    reading.textContent = "";
    return;
  }
  const aside = typeof heldOut === "number" ? `, ${heldOut.toFixed(2)} kept aside` : "";
  const at = typeof rate === "number" ? ` at rate ${Number(rate.toPrecision(3))}` : "";
  reading.textContent = `perplexity ${value.toFixed(2)}${aside} after ${step.toLocaleString("en")} steps${at}`;
}

/** @param {Points} points */
function inWords({ steps, perplexities, heldOut }) {
  const first = perplexities.find((value) => value !== null);
  const last = perplexities.findLast((value) => value !== null);
  const lastHeldOut = heldOut.findLast((value) => value !== null);
  if (typeof first !== "number" || typeof last !== "number") {
    return "Curve of the perplexity: no points yet";
  }
  const aside =
    typeof lastHeldOut === "number" ? `; ${lastHeldOut.toFixed(2)} on sentences kept aside` : "";
  return `Curve of the perplexity: from ${first.toFixed(2)} to ${last.toFixed(2)} in ${steps.at(-1)} steps${aside}`;
}
