/** The plot of the curve: its range, its axes and its interaction. */

/** @import { Page } from "../state/store.js" */
/** @import { Content } from "./plot_options.js" */
/** @import { Extent, Range } from "./zoom.js" */
/** @import { Annotation } from "./annotations.js" */
/** @import { PreviousRun } from "../state/previous_runs.js" */

import uPlot from "uplot";
import { annotationsOf } from "./annotations.js";
import { bestOf } from "./best.js";
import { dataOf, optionsFor } from "./plot_options.js";
import { inView, zoomTo } from "./zoom.js";

/** Pixels from which a drag selects a range. */
const MIN_DRAG = 8;
/** Points in the smallest range. */
const MIN_POINTS = 4;
/** In pixels. */
const FONT_SIZE = 12;

/**
 * @typedef {object} Listener
 * @property {(plot: uPlot) => void} drawn
 * @property {(plot: uPlot) => void} cursorMoved called when the pointer has moved
 * @property {(range: Range | null) => void} rangeChanged called when the user has zoomed or panned
 */

export class CurvePlot {
  #container;
  #listener;
  /** @type {uPlot | null} */
  #plot = null;
  /** @type {Range | null} */
  #range = null;
  /** @type {Page} */
  #page;
  /** @type {readonly Annotation[]} */
  #annotations = [];
  #linear = false;
  #showsPreviousRuns = true;

  /**
   * @param {HTMLElement} container
   * @param {Page} page
   * @param {Listener} listener
   */
  constructor(container, page, listener) {
    this.#container = container;
    this.#page = page;
    this.#listener = listener;
  }

  /** @returns {Range | null} the range chosen by the user; null for the whole curve */
  get range() {
    return this.#range;
  }

  get page() {
    return this.#page;
  }

  /** @returns {Extent} */
  get extent() {
    const { steps } = this.#page.points;
    const last = steps.at(-1) ?? 0;
    const ends = this.previousRuns.map((run) => run.steps.at(-1) ?? 0);
    return {
      last,
      lastShown: Math.max(last, ...ends),
      minSteps: (MIN_POINTS * last) / Math.max(steps.length, 1),
    };
  }

  /** @returns {readonly PreviousRun[]} the previous runs shown */
  get previousRuns() {
    return this.#showsPreviousRuns ? this.#page.runs.previous : [];
  }

  /** Whether the axis is linear: nats and bits are logarithms already. */
  get linear() {
    return this.#linear || this.#page.lossUnit !== "perplexity";
  }

  /** @param {boolean} linear */
  set linear(linear) {
    this.#linear = linear;
    this.draw();
  }

  /** @param {boolean} shows */
  set showsPreviousRuns(shows) {
    this.#showsPreviousRuns = shows;
    this.#update();
  }

  /** @returns {Content} */
  get content() {
    return {
      range: () => inView(this.#range, this.extent),
      previousRuns: () => this.previousRuns,
      annotations: () => this.#annotations,
      lossUnit: this.#page.lossUnit,
      best: () => bestOf(this.#page),
    };
  }

  /** Create the plot anew, with the current colours and axis. */
  draw() {
    this.#plot?.destroy();
    const plotStyle = {
      ...this.#size(),
      style: getComputedStyle(this.#container),
      fontSize: FONT_SIZE,
      linear: this.linear,
      labelled: false,
    };
    const options = this.#withInteraction(optionsFor(plotStyle, this.content));
    this.#plot = new uPlot(options, dataOf(this.#page.points), this.#container);
  }

  /** @param {Page} page */
  show(page) {
    const isNewRun = page.runs !== this.#page.runs;
    this.#page = page;
    this.#annotations = annotationsOf(page.points, page.runs.difference);
    if (isNewRun && this.#range)
      this.setRange(null); // the range was one of the previous run
    else this.#update();
  }

  /** @param {Range | null} range */
  setRange(range) {
    if (range === this.#range) return;
    this.#range = range;
    this.#update();
    this.#listener.rangeChanged(range);
  }

  fit() {
    this.#plot?.setSize(this.#size());
  }

  #update() {
    this.#plot?.setData(dataOf(this.#page.points));
  }

  #size() {
    return { width: this.#container.clientWidth, height: this.#container.clientHeight };
  }

  /**
   * The options with the pointer's interaction.
   *
   * @param {uPlot.Options} options
   * @returns {uPlot.Options}
   */
  #withInteraction(options) {
    const { drawn, cursorMoved } = this.#listener;
    return {
      ...options,
      cursor: {
        y: false,
        points: { size: 8 },
        drag: { x: true, y: false, setScale: false, dist: MIN_DRAG },
        bind: { dblclick: () => null },
      },
      hooks: {
        ...options.hooks,
        draw: [...(options.hooks?.draw ?? []), drawn],
        setCursor: [cursorMoved],
        setSelect: [(plot) => this.#zoomToSelection(plot)],
      },
    };
  }

  /** @param {uPlot} plot with a selected range */
  #zoomToSelection(plot) {
    const { left, width } = plot.select;
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.setRange(zoomTo(this.#range, this.extent, { from, to }));
  }
}
