/** Annotations at the steps of a change: a vertical line with a label. */

/** @import uPlot from "uplot" */
/** @import { Points } from "../state/store.js" */

import { newElement } from "../ui/dom.js";

/** @typedef {{step: number, text: string, short: string}} Annotation `short` labels the PNG */
/** @typedef {{index: number, step: number, from: number, to: number}} RateChange */

/** Moving a slider changes the rate at several consecutive points: changes this close are merged. */
const MERGE_POINTS = 3;
/** Pixels between two annotations; closer ones share a label. */
const MIN_GAP = 24;
/** Pixels around a line in which the pointer shows its label. */
const HOVER_DISTANCE = 5;
/** Pixels between a line and its label in the PNG. */
const LABEL_GAP = 5;

/**
 * @param {Points} points
 * @param {string} difference how this run differs from the previous one
 * @returns {Annotation[]}
 */
export function annotationsOf(points, difference) {
  const first = difference && points.steps.length ? [{ step: 0, text: difference, short: "" }] : [];
  return [...first, ...changesOf(points).map(annotationFor)];
}

/**
 * The changes of the learning rate by the user, without those of a schedule.
 *
 * @param {Points} points
 */
function changesOf({ steps, setRates }) {
  /** @type {RateChange[]} */
  const changes = [];
  for (let index = 1; index < setRates.length; index++) {
    const from = setRates[index - 1];
    const to = setRates[index];
    if (!from || !to || from === to) continue;
    const last = changes.at(-1);
    if (last && index - last.index <= MERGE_POINTS) Object.assign(last, { index, to });
    else changes.push({ index, step: steps[index - 1] ?? 0, from, to });
  }
  return changes.filter(({ from, to }) => from !== to);
}

/**
 * @param {RateChange} change
 * @returns {Annotation}
 */
function annotationFor({ step, from, to }) {
  const text = `Learning rate from ${shortRate(from)} to ${shortRate(to)}`;
  return {
    step,
    text: `${text} at step ${step.toLocaleString("en")}`,
    short: `rate ${shortRate(to)}`,
  };
}

/** @param {number} rate */
function shortRate(rate) {
  return String(Number(rate.toPrecision(3)));
}

/**
 * @param {uPlot} plot
 * @param {readonly Annotation[]} annotations
 * @param {string} color
 * @param {{font: string, color: string}} [labelStyle] style of the labels; without it they are not drawn
 */
export function drawAnnotations(plot, annotations, color, labelStyle) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([]);
  if (labelStyle) {
    ctx.font = labelStyle.font;
    ctx.fillStyle = labelStyle.color;
    ctx.textAlign = "center";
    ctx.textBaseline = "alphabetic";
  }
  ctx.beginPath();
  for (const { step, short } of annotations.filter((annotation) => isInView(plot, annotation))) {
    const x = Math.round(plot.valToPos(step, "x", true));
    if (labelStyle) ctx.fillText(short, x, bbox.top - LABEL_GAP * devicePixelRatio);
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {Annotation} annotation
 */
function isInView({ scales }, { step }) {
  const { min, max } = scales.x ?? {};
  return step >= (min ?? 0) && step <= (max ?? 0);
}

/** The labels over the plot, each at a focusable marker on its line. */
export class AnnotationLabels {
  #list;
  /** @type {{left: number, marker: HTMLElement}[]} */
  #markers = [];

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /**
   * @param {uPlot} plot
   * @param {readonly Annotation[]} annotations
   */
  show(plot, annotations) {
    const groups = groupsOf(plot, annotations);
    this.#list.hidden = groups.length === 0;
    while (this.#list.children.length > groups.length) this.#list.lastElementChild?.remove();
    const offset = plot.bbox.left / devicePixelRatio;
    this.#markers = groups.map(({ left, text }, index) => {
      const marker = this.#marker(index);
      const isRight = left + offset > plot.width / 2;
      marker.style.setProperty("--left", `${Math.round(left + offset)}px`);
      marker.classList.toggle("to-the-left", isRight);
      const label = marker.firstElementChild;
      if (label && label.textContent !== text) label.textContent = text;
      return { left, marker };
    });
  }

  /** @param {number | undefined} left the position of the pointer on the plot */
  point(left) {
    for (const { left: x, marker } of this.#markers) {
      marker.classList.toggle("near", left !== undefined && Math.abs(x - left) <= HOVER_DISTANCE);
    }
  }

  /**
   * The marker at an index. Existing ones are reused, because one may have the focus.
   *
   * @param {number} index
   */
  #marker(index) {
    const existing = this.#list.children[index];
    if (existing instanceof HTMLElement) return existing;
    const marker = newElement("li", "curve-mark");
    marker.tabIndex = 0;
    marker.append(newElement("span", "curve-mark-label"));
    this.#list.append(marker);
    return marker;
  }
}

/**
 * @param {uPlot} plot
 * @param {readonly Annotation[]} annotations
 */
function groupsOf(plot, annotations) {
  /** @type {{left: number, text: string}[]} */
  const groups = [];
  for (const annotation of annotations) {
    if (!isInView(plot, annotation)) continue;
    const left = plot.valToPos(annotation.step, "x");
    const last = groups.at(-1);
    if (last && left - last.left < MIN_GAP) last.text += `; ${annotation.text}`;
    else groups.push({ left, text: annotation.text });
  }
  return groups;
}
