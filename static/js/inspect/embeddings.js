/**
 * The letter vectors on their first two principal components, with the same scale on both axes.
 * Characters that the network uses alike lie close together.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { Neighbour, Point, Points } from "./projection.js" */
/** @import { EmbeddingsResult } from "../protocol" */

import { networkId } from "../state/network_id.js";
import {
  aligned,
  closestPairs,
  kindOf,
  neighbours,
  AxisExtent,
  separateLabels,
} from "./projection.js";
import { DataTable } from "../ui/data_table.js";
import { showError } from "../ui/field_error.js";
import { errorOf } from "../messages.js";
import { nameOf, plain, wholePercent } from "../format.js";
import { newShape, requireElement } from "../ui/dom.js";
import { LiveQuery } from "../net/live_query.js";

/** Pixels at the edges for half a label. */
const MARGIN = 14;
/** The approximate length of the scale bar in pixels. */
const BAR_LENGTH = 80;
/** With more labels they are smaller, and move without a transition. */
const CROWDED = 90;
/** Drawing many labels takes long, so they are queried less often. */
const INTERVAL_MS = { normal: 500, crowded: 2_000 };
/** Pixels between two labels, and how far a label may be moved from its point for that. */
const LABEL_SPACING = 13;
const WORD_SPACING = 26;
const MAX_SHIFT = 9;
const PAIRS_IN_SUMMARY = 2;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const map = new LetterMap(element);
  const message = requireElement(element, "#letter_map_wait", HTMLElement);
  connection.store.watch(
    ({ net }) => networkId(net),
    () => map.reset(),
  );
  new LiveQuery(requireElement(element, ".inspect-body", HTMLElement), connection, {
    event: "letters",
    panel: element,
    params: () => ({}),
    show: (answer) => map.show(answer),
    errorOf: ({ letters }) => (letters.length === 0 ? errorOf("letters_diverged") : null),
    showError: (error) => showError(message, error),
    get minInterval() {
      return map.isCrowded ? INTERVAL_MS.crowded : INTERVAL_MS.normal;
    },
  });
}

class LetterMap {
  #plot;
  #first;
  #second;
  #omitted;
  #kinds;
  #table;
  #scatter;

  /** @type {Points} */
  #points = new Map();
  #isNewNetwork = true;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#plot = requireElement(element, "#letter_map_plot", SVGSVGElement);
    this.#first = requireElement(element, "#letter_map_first", HTMLElement);
    this.#second = requireElement(element, "#letter_map_second", HTMLElement);
    this.#omitted = requireElement(element, "#letter_map_left_out", HTMLElement);
    this.#kinds = [...element.querySelectorAll("[data-kind]")];
    this.#table = new DataTable(element);
    this.#scatter = new Scatter(this.#plot);
  }

  get isCrowded() {
    return this.#points.size > CROWDED;
  }

  /** The next answer is about another network: do not align it with the points shown. */
  reset() {
    this.#isNewNetwork = true;
  }

  /** @param {EmbeddingsResult} answer */
  show({ letters, points, shares, left_out }) {
    /** @type {Points} */
    const current = new Map(letters.map((letter, index) => [letter, points[index] ?? [0, 0]]));
    this.#points = this.#isNewNetwork ? current : aligned(current, this.#points);
    this.#scatter.show(this.#points, this.#isNewNetwork);
    this.#isNewNetwork = false;
    const [first, second] = shares.map(wholePercent);
    this.#first.textContent = `first component, ${first} of the variance →`;
    this.#second.textContent = `↑ second component, ${second} of the variance`;
    this.#omitted.textContent = left_out ? `${left_out} more characters are not shown.` : "";
    const nearest = neighbours(this.#points);
    this.#plot.setAttribute("aria-label", summaryOf(nearest));
    this.#showKinds(letters);
    this.#table.show(rowsOf(nearest, this.#points));
  }

  /** @param {string[]} letters */
  #showKinds(letters) {
    const present = new Set(letters.map(kindOf));
    for (const kind of this.#kinds) {
      const name = /** @type {import("./projection.js").LetterKind} */ (
        kind.getAttribute("data-kind")
      );
      kind.toggleAttribute("hidden", !present.has(name));
    }
  }
}

/** A scatter plot with a label for each character, axes and a scale bar. */
class Scatter {
  #plot;
  #axes = newShape("path", { class: "plane-axes" });
  #bar = newShape("path", { class: "plane-bar" });
  #barLength = newShape("text", { class: "plane-bar-length" });
  #extent = new AxisExtent();
  #width = 0;
  #height = 0;

  /** @type {Points} */
  #points = new Map();
  /** @type {Map<string, SVGElement>} */
  #marks = new Map();

  /** @param {SVGSVGElement} plot */
  constructor(plot) {
    this.#plot = plot;
    plot.replaceChildren(this.#axes, this.#bar, this.#barLength);
    new ResizeObserver(([entry]) => {
      if (!entry?.contentRect.width) return; // a closed panel has no size
      this.#width = entry.contentRect.width;
      this.#height = entry.contentRect.height;
      this.#layOut();
    }).observe(plot);
  }

  /**
   * @param {Points} points
   * @param {boolean} isNewNetwork
   */
  show(points, isNewNetwork) {
    if (isNewNetwork) this.#extent.reset();
    this.#extent.update(points);
    this.#points = points;
    this.#layOut();
  }

  #layOut() {
    if (this.#width === 0 || this.#points.size === 0) return;
    const [middleX, middleY] = [this.#width / 2, this.#height / 2];
    const scale = Math.min(
      (middleX - MARGIN) / this.#extent.x,
      (middleY - MARGIN) / this.#extent.y,
    );
    this.#drawPlane(scale);
    this.#plot.classList.toggle("many", this.#points.size > CROWDED);
    this.#removeOthers();
    const letters = [...this.#points.keys()];
    const positions = [...this.#points.values()].map(
      ([x, y]) => /** @type {Point} */ ([middleX + x * scale, middleY - y * scale]),
    );
    const spacings = letters.map((letter) =>
      markOf(letter).length > 1 ? WORD_SPACING : LABEL_SPACING,
    );
    for (const [index, position] of separateLabels(positions, spacings, MAX_SHIFT).entries()) {
      this.#putMark(letters[index] ?? "", position);
    }
  }

  #removeOthers() {
    for (const [letter, mark] of this.#marks) {
      if (this.#points.has(letter)) continue;
      mark.remove();
      this.#marks.delete(letter);
    }
  }

  /**
   * @param {string} letter
   * @param {Point} position
   */
  #putMark(letter, [x, y]) {
    const existing = this.#marks.get(letter);
    const mark = existing ?? newShape("text", { class: `letter-mark kind-${kindOf(letter)}` });
    mark.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    if (existing) return;
    mark.textContent = markOf(letter);
    this.#marks.set(letter, mark);
    this.#plot.append(mark); // positioned before: only existing labels move with a transition
  }

  /** @param {number} scale pixels per unit of the plane */
  #drawPlane(scale) {
    const [width, height] = [this.#width, this.#height];
    this.#axes.setAttribute("d", `M0 ${height / 2}H${width}M${width / 2} 0V${height}`);
    const length = roundNumber(BAR_LENGTH / scale);
    this.#bar.setAttribute("d", `M0.5 ${height - 7}v6h${(length * scale).toFixed(1)}v-6`);
    this.#barLength.textContent = plain(length);
    this.#barLength.setAttribute("x", "6");
    this.#barLength.setAttribute("y", String(height - 7));
  }
}

/** @param {Neighbour[]} nearest */
function summaryOf(nearest) {
  const pairs = closestPairs(nearest, PAIRS_IN_SUMMARY).map(
    ({ name, other }) => `${nameOf(name)} and ${nameOf(other)}`,
  );
  return `The vectors of ${nearest.length} characters on a plane. Closest: ${pairs.join(", then ")}.`;
}

/**
 * @param {Neighbour[]} nearest
 * @param {Points} points
 */
function rowsOf(nearest, points) {
  const inOrder = nearest.toSorted((one, another) => (one.name < another.name ? -1 : 1));
  return inOrder.map(({ name, other }) => {
    const [x, y] = points.get(name) ?? [0, 0];
    return [nameOf(name), decimals(x), decimals(y), nameOf(other)];
  });
}

/** @param {string} letter */
function markOf(letter) {
  return letter === " " ? "␣" : nameOf(letter);
}

/**
 * The number rounded down to 1, 2 or 5 times a power of ten.
 *
 * @param {number} number
 */
function roundNumber(number) {
  const power = 10 ** Math.floor(Math.log10(number));
  const factor = [1, 2, 5].findLast((each) => each * power <= number) ?? 1;
  return Number((factor * power).toPrecision(1));
}

/** @param {number} number */
function decimals(number) {
  return number.toFixed(3).replace("-", "−");
}
