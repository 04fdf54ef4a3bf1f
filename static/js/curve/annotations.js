/** Marks at the steps where something was changed: a hairline, and a label for who asks. */

/** @import uPlot from "../../vendor/uPlot.esm.min.js" */
/** @import { Points } from "../state/store.js" */

/** @typedef {{step: number, words: string, short: string}} Annotation `short` is for a picture */
/** @typedef {{index: number, step: number, from: number, to: number}} Change */

/** A slider that is moved changes the rate in some points on end: that is one change. */
const ON_END = 3;
/** Pixels between two marks; nearer ones share a label. */
const APART = 24;
/** Pixels around a hairline in which the pointer asks for its label. */
const NEAR = 5;
/** Pixels between a hairline and its name. */
const NAME_GAP = 5;

/**
 * @param {Points} points
 * @param {string} difference how this run differs from the one before
 * @returns {Annotation[]}
 */
export function annotationsOf(points, difference) {
  const beginning =
    difference && points.steps.length ? [{ step: 0, words: difference, short: "" }] : [];
  return [...beginning, ...changesOf(points).map(asMark)];
}

/**
 * Where the learning rate was set anew. What a schedule does to it is no change of anybody's.
 *
 * @param {Points} points
 */
function changesOf({ steps, setRates }) {
  /** @type {Change[]} */
  const changes = [];
  for (let index = 1; index < setRates.length; index++) {
    const from = setRates[index - 1];
    const to = setRates[index];
    if (!from || !to || from === to) continue;
    const last = changes.at(-1);
    if (last && index - last.index <= ON_END) Object.assign(last, { index, to });
    else changes.push({ index, step: steps[index - 1] ?? 0, from, to });
  }
  return changes.filter(({ from, to }) => from !== to);
}

/**
 * @param {Change} change
 * @returns {Annotation}
 */
function asMark({ step, from, to }) {
  const words = `Learning rate from ${shortRate(from)} to ${shortRate(to)}`;
  return {
    step,
    words: `${words} at step ${step.toLocaleString("en")}`,
    short: `rate ${shortRate(to)}`,
  };
}

/** @param {number} rate */
function shortRate(rate) {
  return String(Number(rate.toPrecision(3)));
}

/**
 * @param {uPlot} plot
 * @param {readonly Annotation[]} marks
 * @param {string} colour
 * @param {{font: string, colour: string}} [name] how they are named; without it they are not
 */
export function drawAnnotations(plot, marks, colour, name) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([]);
  if (name) {
    ctx.font = name.font;
    ctx.fillStyle = name.colour;
    ctx.textAlign = "center";
    ctx.textBaseline = "alphabetic";
  }
  ctx.beginPath();
  for (const { step, short } of marks.filter((mark) => isInView(plot, mark))) {
    const x = Math.round(plot.valToPos(step, "x", true));
    if (name) ctx.fillText(short, x, bbox.top - NAME_GAP * devicePixelRatio);
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {Annotation} mark
 */
function isInView({ scales }, { step }) {
  const { min, max } = scales.x ?? {};
  return step >= (min ?? 0) && step <= (max ?? 0);
}

/** The labels over the plot, each with a head on its hairline that can be focused. */
export class AnnotationLabels {
  #list;
  /** @type {{left: number, head: HTMLElement}[]} */
  #shown = [];

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /**
   * @param {uPlot} plot
   * @param {readonly Annotation[]} marks
   */
  show(plot, marks) {
    const groups = groupsOf(plot, marks);
    this.#list.hidden = groups.length === 0;
    while (this.#list.children.length > groups.length) this.#list.lastElementChild?.remove();
    const offset = plot.bbox.left / devicePixelRatio;
    this.#shown = groups.map(({ left, words }, index) => {
      const head = this.#head(index);
      const isRight = left + offset > plot.width / 2;
      head.style.setProperty("--left", `${Math.round(left + offset)}px`);
      head.classList.toggle("to-the-left", isRight);
      const label = head.firstElementChild;
      if (label && label.textContent !== words) label.textContent = words;
      return { left, head };
    });
  }

  /** @param {number | undefined} left where the pointer is on the plot */
  point(left) {
    for (const { left: at, head } of this.#shown) {
      head.classList.toggle("near", left !== undefined && Math.abs(at - left) <= NEAR);
    }
  }

  /**
   * One that is there is used again: it may have the focus.
   *
   * @param {number} index
   */
  #head(index) {
    const there = this.#list.children[index];
    if (there instanceof HTMLElement) return there;
    const head = document.createElement("li");
    head.className = "curve-mark";
    head.tabIndex = 0;
    const label = document.createElement("span");
    label.className = "curve-mark-label";
    head.append(label);
    this.#list.append(head);
    return head;
  }
}

/**
 * @param {uPlot} plot
 * @param {readonly Annotation[]} marks
 */
function groupsOf(plot, marks) {
  /** @type {{left: number, words: string}[]} */
  const groups = [];
  for (const mark of marks) {
    if (!isInView(plot, mark)) continue;
    const left = plot.valToPos(mark.step, "x");
    const last = groups.at(-1);
    if (last && left - last.left < APART) last.words += `; ${mark.words}`;
    else groups.push({ left, words: mark.words });
  }
  return groups;
}
