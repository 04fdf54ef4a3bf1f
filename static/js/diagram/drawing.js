/**
 * Draws the network: four steps through a text side by side, the layers from bottom to top. The squares
 * are drawn once; activations are drawn over them, as a few paths per layer.
 */

/** @import { PlacedLayer } from "./layers.js" */
/** @import { NetworkStep } from "../protocol" */

import { nameOf } from "../format.js";
import { newShape } from "../ui/dom.js";
import { CELL, CHARACTER_HEIGHT, COLUMNS, HEIGHT, PITCH, WIDTH, edges, gapOf } from "./layers.js";
import { inputName } from "./summary.js";

export const STEPS = 4;

const NAMES_WIDTH = 96;
const STEP_WIDTH = (WIDTH - NAMES_WIDTH) / STEPS;
const BOX_WIDTH = COLUMNS * PITCH - (PITCH - CELL);
const MIDDLE = BOX_WIDTH / 2;
/** Around the newest step. */
const MARGIN = 5;

/** Levels of opacity for each sign. */
const LEVELS = 6;
const FULL = 100;
/** Weaker activations are not drawn. */
const MIN_SHOWN = 3;
/** The opacity of the weakest activation drawn; the strongest is opaque. */
const MIN_OPACITY = 0.35;
/** The stroke of a hollow square, which lies inside it. */
const EDGE = 1;

export class Drawing {
  #svg;
  /** @type {Step[]} */
  #steps = [];
  #newest = newShape("rect", { class: "newest", rx: 4, y: 0, width: BOX_WIDTH + 2 * MARGIN });

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.#svg = svg;
    this.#newest.setAttribute("height", String(HEIGHT));
  }

  /**
   * Draw another network, without activations.
   *
   * @param {PlacedLayer[]} layers
   */
  draw(layers) {
    this.#steps = Array.from({ length: STEPS }, (_, index) => new Step(layers, leftOf(index)));
    const names = layers.map(layerName);
    const groups = this.#steps.map(({ group }) => group);
    this.#svg.replaceChildren(this.#newest, ...names, ...groups);
    this.showInputs([]);
  }

  /**
   * Draw the activations of the steps, from left to right.
   *
   * @param {NetworkStep[]} columns
   */
  light(columns) {
    for (const [index, step] of this.#steps.entries()) {
      const column = columns[index];
      const first = column?.likeliest[0];
      step.show(column && inputName(column.character), first && nameOf(first[0]));
      step.light(column?.layers);
    }
    this.#highlightNewest(columns.length);
  }

  /**
   * Show the inputs without activations.
   *
   * @param {string[]} characters
   */
  showInputs(characters) {
    for (const [index, step] of this.#steps.entries()) {
      const character = characters[index];
      step.show(character === undefined ? character : inputName(character), undefined);
      step.light(undefined);
    }
    this.#highlightNewest(characters.length);
  }

  /** @param {number} used steps, of which the last is the newest */
  #highlightNewest(used) {
    for (const [index, { group }] of this.#steps.entries()) {
      group.classList.toggle("newest-step", index === used - 1);
    }
    this.#newest.setAttribute("x", String(leftOf(used - 1) - MARGIN));
    this.#newest.classList.toggle("unused", used === 0);
  }
}

/** One step: the input, the layers, the most likely output, and the arrows between them. */
class Step {
  #input;
  #output;
  #layers;

  /**
   * @param {PlacedLayer[]} layers
   * @param {number} left
   */
  constructor(layers, left) {
    const { bottom, top } = edges(layers);
    const distance = CHARACTER_HEIGHT / 2 + gapOf(layers);
    this.#input = text("", MIDDLE, bottom + distance, "character");
    this.#output = text("", MIDDLE, top - distance, "character");
    this.#layers = layers.map((layer) => new Squares(layer));
    this.group = newShape("g", { transform: `translate(${left} 0)` });
    this.group.append(this.#input, this.#output, ...this.#layers.map(({ group }) => group));
    this.group.append(...arrowsOf(layers));
  }

  /**
   * @param {string | undefined} input
   * @param {string | undefined} output
   */
  show(input = "", output = "") {
    if (this.#input.textContent !== input) this.#input.textContent = input;
    if (this.#output.textContent !== output) this.#output.textContent = output;
  }

  /** @param {number[][] | undefined} layers */
  light(layers) {
    for (const [index, squares] of this.#layers.entries()) squares.light(layers?.[index] ?? []);
  }
}

/** The squares of a layer in a step: positive activations are filled, negative ones hollow. */
class Squares {
  #full;
  #hollow;
  /** @type {{path: SVGElement, drawn: string}[]} a path for each level above zero, then below */
  #levels;

  /** @param {PlacedLayer} layer */
  constructor({ cells, top, className }) {
    const corners = Array.from({ length: cells }, (_, cell) => cornerOf(cell, cells, top));
    this.#full = corners.map(([x, y]) => square(x, y, CELL));
    this.#hollow = corners.map(([x, y]) => square(x + EDGE / 2, y + EDGE / 2, CELL - EDGE));
    this.#levels = [...levelPaths("lit"), ...levelPaths("hollow")];
    this.group = newShape("g", { class: className });
    this.group.append(newShape("path", { d: this.#full.join(""), class: "unlit" }));
    this.group.append(...this.#levels.map(({ path }) => path));
  }

  /** @param {number[]} values of the squares; none clears the layer */
  light(values) {
    const paths = this.#levels.map(() => "");
    for (const [cell, value] of values.entries()) {
      if (Math.abs(value) < MIN_SHOWN) continue;
      const level = Math.ceil((Math.abs(value) / FULL) * LEVELS);
      if (value > 0) paths[level - 1] += this.#full[cell] ?? "";
      else paths[LEVELS + level - 1] += this.#hollow[cell] ?? "";
    }
    for (const [index, level] of this.#levels.entries()) {
      const squares = paths[index] ?? "";
      if (squares === level.drawn) continue;
      level.drawn = squares;
      level.path.setAttribute("d", squares);
    }
  }
}

/** @param {"lit" | "hollow"} className */
function levelPaths(className) {
  return Array.from({ length: LEVELS }, (_, index) => {
    const opacity = MIN_OPACITY + ((1 - MIN_OPACITY) * index) / (LEVELS - 1);
    return { path: newShape("path", { class: className, opacity }), drawn: "" };
  });
}

/** @param {number} step */
function leftOf(step) {
  return NAMES_WIDTH + step * STEP_WIDTH;
}

/**
 * @param {number} cell
 * @param {number} cells
 * @param {number} top
 * @returns {[number, number]}
 */
function cornerOf(cell, cells, top) {
  const width = Math.min(cells, COLUMNS) * PITCH - (PITCH - CELL);
  const x = (BOX_WIDTH - width) / 2 + (cell % COLUMNS) * PITCH;
  return [x, top + Math.floor(cell / COLUMNS) * PITCH];
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} side
 */
function square(x, y, side) {
  return `M${x} ${y}h${side}v${side}h${-side}z`;
}

/** @param {PlacedLayer} layer */
function layerName({ name, size, top, height }) {
  return text(`${name}, ${size}`, 0, top + height / 2, "layer-name");
}

/**
 * Arrows upwards between layers, and to the right from recurrent ones.
 *
 * @param {PlacedLayer[]} layers
 */
function arrowsOf(layers) {
  const gap = gapOf(layers);
  const upwards = layers.map(({ top, height }) => upArrow(top + height + gap, gap));
  const { top } = edges(layers);
  const recurrent = layers
    .filter(({ isRecurrent }) => isRecurrent)
    .map((layer) => rightArrow(layer.top + layer.height / 2));
  return [...upwards, upArrow(top, gap), ...recurrent];
}

/**
 * @param {number} from
 * @param {number} gap
 */
function upArrow(from, gap) {
  const tip = from - gap + 3;
  const d = `M${MIDDLE} ${from - 3}V${tip}m-2.5 3l2.5 -3l2.5 3`;
  return newShape("path", { d, class: "arrow" });
}

/** @param {number} y */
function rightArrow(y) {
  const d = `M${BOX_WIDTH + 3} ${y}H${STEP_WIDTH - 4}m-3 -2.5l3 2.5l-3 2.5`;
  return newShape("path", { d, class: "arrow" });
}

/**
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {string} className
 */
function text(words, x, y, className) {
  const element = newShape("text", { x, y, class: className });
  element.textContent = words;
  return element;
}
