/**
 * The network as a picture: four steps through the text, the layers from below upwards, one square
 * a unit. It is drawn from the sizes that the network really has.
 */

/** @import { Connection } from "./connection.js" */
/** @import { State } from "./protocol" */

import { part } from "./part.js";

/** @typedef {{name: string, className: string, size: number, remembers: boolean}} Layer */
/** @typedef {Layer & {cells: number, rows: number, top: number, height: number}} PlacedLayer */

const WIDTH = 400;
const HEIGHT = 230;
const STEPS = 4;
const NAMES_WIDTH = 104;
const CHARACTER_HEIGHT = 20;
const COLUMNS = 10;
/** From one square to the next. */
const PITCH = 5;
const CELL = 4;
/** Rows of squares that the picture has room for; in a larger network a square stands for several units. */
const MOST_ROWS = 22;
const MOST_GAP = 26;
/** Hidden layers alternate between related tones of the first two colours. */
const HIDDEN_TONES = 4;

const PICTURE_STEP = (WIDTH - NAMES_WIDTH) / STEPS;
const BOX_WIDTH = COLUMNS * PITCH - (PITCH - CELL);

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const svg = part(element, "#netpicture", SVGSVGElement);
  const caption = part(element, "#netpicture_text", HTMLElement);
  store.watch(
    (page) => page.net?.options, // the same object until the network is another
    () => {
      const { net } = store.page;
      if (!net) return;
      const layers = layersOf(net);
      const perCell = unitsPerCell(layers);
      svg.replaceChildren(...drawn(placed(layers, perCell), firstCharacters(net.text)));
      caption.textContent = inWords(net, perCell);
    },
  );
}

/**
 * @param {State} net
 * @returns {Layer[]} from below upwards
 */
function layersOf({ options, vocabulary }) {
  const hidden = options.hidden_sizes.map((size, index) => ({
    name: options.hidden_sizes.length > 1 ? `hidden ${index + 1}` : "hidden",
    className: `tone-hidden-${(index % HIDDEN_TONES) + 1}`,
    size,
    remembers: true,
  }));
  const letter = { name: "letter", className: "tone-letter", size: options.letter_size };
  const output = { name: "output", className: "tone-output", size: vocabulary.length + 1 };
  return [{ ...letter, remembers: false }, ...hidden, { ...output, remembers: false }];
}

/** @param {string} text */
function firstCharacters(text) {
  const sentence = text.split("\n", 50).find((line) => line.trim()) ?? "";
  return [...sentence.trim().slice(0, 4 * STEPS)].slice(0, STEPS);
}

/** @param {Layer[]} layers */
function unitsPerCell(layers) {
  let units = 1;
  while (totalRows(layers, units) > MOST_ROWS) units++;
  return units;
}

/**
 * @param {Layer[]} layers
 * @param {number} perCell
 */
function totalRows(layers, perCell) {
  return layers.reduce((rows, { size }) => rows + rowsFor(cellsFor(size, perCell)), 0);
}

/**
 * @param {number} size
 * @param {number} perCell
 */
function cellsFor(size, perCell) {
  return Math.ceil(size / perCell);
}

/** @param {number} cells */
function rowsFor(cells) {
  return Math.ceil(cells / COLUMNS);
}

/**
 * Stack the layers, and spread them over the height there is.
 *
 * @param {Layer[]} layers
 * @param {number} perCell
 * @returns {PlacedLayer[]}
 */
function placed(layers, perCell) {
  const room = HEIGHT - 2 * CHARACTER_HEIGHT - totalRows(layers, perCell) * PITCH;
  const gap = Math.min(MOST_GAP, room / (layers.length + 1));
  const used = totalRows(layers, perCell) * PITCH + gap * (layers.length + 1);
  let bottom = (HEIGHT + used) / 2 - gap;
  return layers.map((layer) => {
    const cells = cellsFor(layer.size, perCell);
    const rows = rowsFor(cells);
    const height = rows * PITCH - (PITCH - CELL);
    const top = bottom - height;
    bottom = top - gap;
    return { ...layer, cells, rows, top, height };
  });
}

/**
 * @param {PlacedLayer[]} layers
 * @param {string[]} characters
 */
function drawn(layers, characters) {
  const marks = layers.map(nameOf);
  for (let step = 0; step < STEPS; step++) {
    const left = NAMES_WIDTH + step * PICTURE_STEP;
    marks.push(...inputAndOutput(layers, characters, step, left + BOX_WIDTH / 2));
    marks.push(...layers.map((layer) => unitsOf(layer, left)));
    marks.push(...arrowsOf(layers, left));
  }
  return marks;
}

/** @param {PlacedLayer} layer */
function nameOf({ name, size, top, height }) {
  return text(`${name}, ${size}`, 0, top + height / 2, "layer-name");
}

/**
 * The character that goes in below, and the one that should come out above.
 *
 * @param {PlacedLayer[]} layers
 * @param {string[]} characters
 * @param {number} step
 * @param {number} middle
 */
function inputAndOutput(layers, characters, step, middle) {
  const { bottom, top } = edges(layers);
  const below = step === 0 ? "START" : visible(characters[step - 1]);
  const above = step <= characters.length ? visible(characters[step]) : "";
  const input = text(below, middle, bottom + CHARACTER_HEIGHT / 2 + gapOf(layers), "character");
  const output = text(above, middle, top - CHARACTER_HEIGHT / 2 - gapOf(layers), "character");
  return [input, output];
}

/**
 * @param {string | undefined} character
 * @returns {string}
 */
function visible(character) {
  if (character === undefined) return "END";
  return character.trim() ? character : "space";
}

/**
 * @param {PlacedLayer} layer
 * @param {number} left
 */
function unitsOf({ cells, top, className }, left) {
  let squares = "";
  for (let cell = 0; cell < cells; cell++) {
    const width = Math.min(cells, COLUMNS) * PITCH - (PITCH - CELL);
    const x = left + (BOX_WIDTH - width) / 2 + (cell % COLUMNS) * PITCH;
    const y = top + Math.floor(cell / COLUMNS) * PITCH;
    squares += `M${x} ${y}h${CELL}v${CELL}h${-CELL}z`;
  }
  return shape("path", { d: squares, class: className });
}

/**
 * Upwards from layer to layer, and to the right where a layer remembers.
 *
 * @param {PlacedLayer[]} layers
 * @param {number} left
 */
function arrowsOf(layers, left) {
  const middle = left + BOX_WIDTH / 2;
  const gap = gapOf(layers);
  const upwards = layers.map(({ top, height }) => upArrow(middle, top + height + gap, gap));
  const { top } = edges(layers);
  const onwards = layers
    .filter(({ remembers }) => remembers)
    .map((layer) => rightArrow(left + BOX_WIDTH, layer.top + layer.height / 2));
  return [...upwards, upArrow(middle, top, gap), ...onwards];
}

/**
 * @param {number} x
 * @param {number} from
 * @param {number} gap
 */
function upArrow(x, from, gap) {
  const tip = from - gap + 3;
  const d = `M${x} ${from - 3}V${tip}m-2.5 3l2.5 -3l2.5 3`;
  return shape("path", { d, class: "arrow" });
}

/**
 * @param {number} from
 * @param {number} y
 */
function rightArrow(from, y) {
  const tip = from + PICTURE_STEP - BOX_WIDTH - 4;
  const d = `M${from + 3} ${y}H${tip}m-3 -2.5l3 2.5l-3 2.5`;
  return shape("path", { d, class: "arrow memory" });
}

/** @param {PlacedLayer[]} layers */
function gapOf([lower, upper]) {
  return lower && upper ? lower.top - upper.top - upper.height : 0;
}

/** @param {PlacedLayer[]} layers */
function edges(layers) {
  const bottom = Math.max(...layers.map(({ top, height }) => top + height));
  return { bottom, top: Math.min(...layers.map(({ top }) => top)) };
}

/**
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {string} className
 */
function text(words, x, y, className) {
  const element = shape("text", { x, y, class: className });
  element.textContent = words;
  return element;
}

/**
 * @param {"path" | "text"} name
 * @param {Record<string, string | number>} attributes
 */
function shape(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/**
 * @param {State} net
 * @param {number} perCell
 */
function inWords({ options, vocabulary, weights }, perCell) {
  const sizes = new Intl.ListFormat("en").format(options.hidden_sizes.map(String));
  const cell = perCell === 1 ? "one square a unit" : `a square for every ${perCell} units`;
  return (
    `Read upwards: ${options.letter_size} numbers for a character, ${sizes} hidden units, the odds ` +
    `of ${vocabulary.length} characters and the end. Arrows to the right are memory. ` +
    `${weights.toLocaleString("en")} weights; ${cell}.`
  );
}
