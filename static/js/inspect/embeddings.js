/**
 * The letter vectors on a plane, where characters that the network uses alike come to lie together.
 * It shows the plane by the same measure in both directions, so that distances can be compared.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { Neighbour, Point, Points } from "./projection.js" */
/** @import { EmbeddingsResult } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { aligned, closestPairs, kindOf, neighbours, Reach, separateLabels } from "./projection.js";
import { DataTable } from "../ui/data_table.js";
import { showFault } from "../ui/field_error.js";
import { faultOf } from "../messages.js";
import { nameOf, plain, wholePercent } from "../format.js";
import { requireElement } from "../ui/dom.js";
import { LiveQuery } from "../net/live_query.js";

const SVG = "http://www.w3.org/2000/svg";
/** Pixels around the picture that half a mark may need. */
const MARGIN = 14;
/** About the pixels of the scale bar. */
const BAR_LENGTH = 80;
/** Where more marks are shown they are smaller, and jump. */
const MANY = 90;
/** And then they are asked for less often, in milliseconds: drawing them takes long. */
const PACE = { few: 500, many: 2_000 };
/** Pixels from one mark to the next, and how far a mark is moved for it: not to seem elsewhere. */
const ROOM = 13;
const ROOM_OF_WORD = 26;
const MOST_MOVED = 9;
const PAIRS_TOLD = 2;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const map = new LetterMap(element);
  const wait = requireElement(element, "#letter_map_wait", HTMLElement);
  connection.store.watch(
    ({ net }) => networkId(net),
    () => map.forget(),
  );
  new LiveQuery(requireElement(element, ".inspect-body", HTMLElement), connection, {
    event: "letters",
    panel: element,
    question: () => ({}),
    show: (answer) => map.show(answer),
    faultOf: ({ letters }) => (letters.length === 0 ? faultOf("letters_diverged") : null),
    wait: (fault) => showFault(wait, fault),
    get pace() {
      return map.isCrowded ? PACE.many : PACE.few;
    },
  });
}

class LetterMap {
  #plot;
  #first;
  #second;
  #leftOut;
  #kinds;
  #table;
  #scatter;

  /** @type {Points} */
  #points = new Map();
  #isAnother = true;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#plot = requireElement(element, "#letter_map_plot", SVGSVGElement);
    this.#first = requireElement(element, "#letter_map_first", HTMLElement);
    this.#second = requireElement(element, "#letter_map_second", HTMLElement);
    this.#leftOut = requireElement(element, "#letter_map_left_out", HTMLElement);
    this.#kinds = [...element.querySelectorAll("[data-kind]")];
    this.#table = new DataTable(element);
    this.#scatter = new Scatter(this.#plot);
  }

  get isCrowded() {
    return this.#points.size > MANY;
  }

  /** The network is another: it has no place in the old one's picture. */
  forget() {
    this.#isAnother = true;
  }

  /** @param {EmbeddingsResult} answer */
  show({ letters, points, shares, left_out }) {
    /** @type {Points} */
    const told = new Map(letters.map((letter, index) => [letter, points[index] ?? [0, 0]]));
    this.#points = this.#isAnother ? told : aligned(told, this.#points);
    this.#scatter.show(this.#points, this.#isAnother);
    this.#isAnother = false;
    const [first, second] = shares.map(wholePercent);
    this.#first.textContent = `first component, ${first} of the variance →`;
    this.#second.textContent = `↑ second component, ${second} of the variance`;
    this.#leftOut.textContent = left_out ? `${left_out} more characters are not shown.` : "";
    const nearest = neighbours(this.#points);
    this.#plot.setAttribute("aria-label", inWords(nearest));
    this.#showKinds(letters);
    this.#table.show(rowsOf(nearest, this.#points));
  }

  /** @param {string[]} letters */
  #showKinds(letters) {
    const there = new Set(letters.map(kindOf));
    for (const kind of this.#kinds) {
      const name = /** @type {import("./projection.js").LetterKind} */ (
        kind.getAttribute("data-kind")
      );
      kind.toggleAttribute("hidden", !there.has(name));
    }
  }
}

/** The marks, each at its place; where the plane is, and how large. */
class Scatter {
  #plot;
  #axes = newElement("path", "plane-axes");
  #bar = newElement("path", "plane-bar");
  #barLength = newElement("text", "plane-bar-length");
  #reach = new Reach();
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
      this.#place();
    }).observe(plot);
  }

  /**
   * @param {Points} points
   * @param {boolean} isAnother
   */
  show(points, isAnother) {
    if (isAnother) this.#reach.forget();
    this.#reach.follow(points);
    this.#points = points;
    this.#place();
  }

  #place() {
    if (this.#width === 0 || this.#points.size === 0) return;
    const [middleX, middleY] = [this.#width / 2, this.#height / 2];
    const scale = Math.min((middleX - MARGIN) / this.#reach.x, (middleY - MARGIN) / this.#reach.y);
    this.#drawPlane(scale);
    this.#plot.classList.toggle("many", this.#points.size > MANY);
    this.#removeOthers();
    const letters = [...this.#points.keys()];
    const places = [...this.#points.values()].map(
      ([x, y]) => /** @type {Point} */ ([middleX + x * scale, middleY - y * scale]),
    );
    const rooms = letters.map((letter) => (markOf(letter).length > 1 ? ROOM_OF_WORD : ROOM));
    for (const [index, place] of separateLabels(places, rooms, MOST_MOVED).entries()) {
      this.#put(letters[index] ?? "", place);
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
   * @param {Point} place
   */
  #put(letter, [x, y]) {
    const known = this.#marks.get(letter);
    const mark = known ?? newElement("text", `letter-mark kind-${kindOf(letter)}`);
    mark.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    if (known) return;
    mark.textContent = markOf(letter);
    this.#marks.set(letter, mark);
    this.#plot.append(mark); // at its place already: only what was there before moves
  }

  /** @param {number} scale pixels of 1 */
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
function inWords(nearest) {
  const pairs = closestPairs(nearest, PAIRS_TOLD).map(
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
 * The nearest number of 1, 2 or 5 and zeros.
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

/**
 * @param {"path" | "text"} name
 * @param {string} className
 */
function newElement(name, className) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("class", className);
  return element;
}
