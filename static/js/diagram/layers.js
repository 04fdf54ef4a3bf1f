/** The layout of the diagram: the squares and the position of each layer. */

/** @import { State } from "../protocol" */

/** @typedef {{name: string, noun: string, className: string, size: number, isRecurrent: boolean}} Layer */
/** @typedef {Layer & {cells: number, top: number, height: number}} PlacedLayer */

export const WIDTH = 400;
export const HEIGHT = 216;
export const CHARACTER_HEIGHT = 20;
/** Squares in a row. */
export const COLUMNS = 10;
/** The distance between two squares. */
export const PITCH = 6;
export const CELL = 5;

/** Rows of squares in all. In a larger network a square stands for several units. */
const MAX_ROWS = 18;
const MAX_GAP = 26;
/** Colours of hidden layers before they repeat. */
const HIDDEN_TONES = 4;

/**
 * @param {State} net
 * @returns {Layer[]} from bottom to top
 */
export function layersOf({ options, vocabulary_size }) {
  const hidden = options.hidden_sizes.map((size, index) => ({
    name: options.hidden_sizes.length > 1 ? `hidden ${index + 1}` : "hidden",
    noun: "unit",
    className: `tone-hidden-${(index % HIDDEN_TONES) + 1}`,
    size,
    isRecurrent: true,
  }));
  return [
    {
      name: "letter",
      noun: "number",
      className: "tone-letter",
      size: options.letter_size,
      isRecurrent: false,
    },
    ...hidden,
    {
      name: "output",
      noun: "unit",
      className: "tone-output",
      size: vocabulary_size + 1, // and the end
      isRecurrent: false,
    },
  ];
}

/** @param {Layer[]} layers */
export function unitsPerCell(layers) {
  let units = 1;
  while (totalRows(layers, units) > MAX_ROWS) units++;
  return units;
}

/**
 * The layers with their positions, spread over the height of the diagram.
 *
 * @param {Layer[]} layers
 * @param {number} perCell
 * @returns {PlacedLayer[]}
 */
export function layOut(layers, perCell) {
  const rows = totalRows(layers, perCell);
  const free = HEIGHT - 2 * CHARACTER_HEIGHT - rows * PITCH;
  const gap = Math.min(MAX_GAP, free / (layers.length + 1));
  const used = rows * PITCH + gap * (layers.length + 1);
  let bottom = (HEIGHT + used) / 2 - gap;
  return layers.map((layer) => {
    const cells = cellsFor(layer.size, perCell);
    const height = rowsFor(cells) * PITCH - (PITCH - CELL);
    const top = bottom - height;
    bottom = top - gap;
    return { ...layer, cells, top, height };
  });
}

/** @param {PlacedLayer[]} layers */
export function gapOf([lower, upper]) {
  return lower && upper ? lower.top - upper.top - upper.height : 0;
}

/** @param {PlacedLayer[]} layers */
export function edges(layers) {
  const bottom = Math.max(...layers.map(({ top, height }) => top + height));
  return { bottom, top: Math.min(...layers.map(({ top }) => top)) };
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
