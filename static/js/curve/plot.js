/** The curve on the page: what is in view of it, on which axis, and the plot that shows that. */

/** @import { Page } from "../state/store.js" */
/** @import { Content } from "./plot_options.js" */
/** @import { Extent, Range } from "./zoom.js" */
/** @import { Annotation } from "./annotations.js" */
/** @import { PreviousRun } from "../state/previous_runs.js" */

import uPlot from "../../vendor/uPlot.esm.min.js";
import { annotationsOf } from "./annotations.js";
import { dataOf, optionsFor } from "./plot_options.js";
import { inView, zoomTo } from "./zoom.js";

/** Pixels that are a choice of a part, and not an unsteady hand. */
const LEAST_DRAG = 8;
/** Points that make something of a part to see. */
const LEAST_POINTS = 4;
/** Size of the letters, in pixels. */
const TYPE = 12;

/**
 * @typedef {object} Listener
 * @property {(plot: uPlot) => void} drawn
 * @property {(plot: uPlot) => void} pointed the pointer is elsewhere
 * @property {(range: Range | null) => void} looked somebody wants to see another part
 */

export class CurvePlot {
  #place;
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
   * @param {HTMLElement} place
   * @param {Page} page
   * @param {Listener} listener
   */
  constructor(place, page, listener) {
    this.#place = place;
    this.#page = page;
    this.#listener = listener;
  }

  /** @returns {Range | null} what somebody chose to see; null for the whole */
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
      furthest: Math.max(last, ...ends),
      least: (LEAST_POINTS * last) / Math.max(steps.length, 1),
    };
  }

  /** @returns {readonly PreviousRun[]} those that are shown */
  get previousRuns() {
    return this.#showsPreviousRuns ? this.#page.runs.previous : [];
  }

  get linear() {
    return this.#linear;
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
    };
  }

  /** Everything anew: the colours or the axis are others. */
  draw() {
    this.#plot?.destroy();
    const look = {
      ...this.#size(),
      style: getComputedStyle(this.#place),
      type: TYPE,
      linear: this.#linear,
      labelled: false,
    };
    const options = this.#withHands(optionsFor(look, this.content));
    this.#plot = new uPlot(options, dataOf(this.#page.points), this.#place);
  }

  /** @param {Page} page */
  show(page) {
    const isAnother = page.runs !== this.#page.runs;
    this.#page = page;
    this.#annotations = annotationsOf(page.points, page.runs.difference);
    if (isAnother && this.#range)
      this.look(null); // the steps that were chosen were others
    else this.#update();
  }

  /** @param {Range | null} range */
  look(range) {
    if (range === this.#range) return;
    this.#range = range;
    this.#update();
    this.#listener.looked(range);
  }

  fit() {
    this.#plot?.setSize(this.#size());
  }

  #update() {
    this.#plot?.setData(dataOf(this.#page.points));
  }

  #size() {
    return { width: this.#place.clientWidth, height: this.#place.clientHeight };
  }

  /**
   * What a pointer does on the plot.
   *
   * @param {uPlot.Options} options
   * @returns {uPlot.Options}
   */
  #withHands(options) {
    const { drawn, pointed } = this.#listener;
    return {
      ...options,
      cursor: {
        y: false,
        points: { size: 8 },
        drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG },
        bind: { dblclick: () => null },
      },
      hooks: {
        ...options.hooks,
        draw: [...(options.hooks?.draw ?? []), drawn],
        setCursor: [pointed],
        setSelect: [(plot) => this.#pick(plot)],
      },
    };
  }

  /** @param {uPlot} plot on which a part has been drawn over */
  #pick(plot) {
    const { left, width } = plot.select;
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.look(zoomTo(this.#range, this.extent, { from, to }));
  }
}
