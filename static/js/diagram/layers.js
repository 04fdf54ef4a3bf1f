/** The layers of a network as the picture has them: how many squares each takes, and where it lies. */

/** @import { State } from "../protocol" */

/** @typedef {{name: string, noun: string, className: string, size: number, remembers: boolean}} Layer */
/** @typedef {Layer & {cells: number, top: number, height: number}} PlacedLayer */

export const WIDTH = 400;
export const HEIGHT = 216;
export const CHARACTER_HEIGHT = 20;
/** Squares in a row. */
export const COLUMNS = 10;
/** From one square to the next. */
export const PITCH = 6;
export const CELL = 5;

/** Rows of squares that the picture has room for; in a larger network a square stands for several units. */
const MOST_ROWS = 18;
const MOST_GAP = 26;
/** Hidden layers alternate between related tones of the first two colours. */
const HIDDEN_TONES = 4;

/**
 * @param {State} net
 * @returns {Layer[]} from below upwards
 */
export function layersOf({ options, vocabulary }) {
  const hidden = options.hidden_sizes.map((size, index) => ({
    name: options.hidden_sizes.length > 1 ? `hidden ${index + 1}` : "hidden",
    noun: "unit",
    className: `tone-hidden-${(index % HIDDEN_TONES) + 1}`,
    size,
    remembers: true,
  }));
  return [
    {
      name: "letter",
      noun: "number",
      className: "tone-letter",
      size: options.letter_size,
      remembers: false,
    },
    ...hidden,
    {
      name: "output",
      noun: "unit",
      className: "tone-output",
      size: vocabulary.length + 1, // and the end
      remembers: false,
    },
  ];
}

/** @param {Layer[]} layers */
export function unitsPerCell(layers) {
  let units = 1;
  while (totalRows(layers, units) > MOST_ROWS) units++;
  return units;
}

/**
 * Stack the layers, and spread them over the height there is.
 *
 * @param {Layer[]} layers
 * @param {number} perCell
 * @returns {PlacedLayer[]}
 */
export function placed(layers, perCell) {
  const rows = totalRows(layers, perCell);
  const room = HEIGHT - 2 * CHARACTER_HEIGHT - rows * PITCH;
  const gap = Math.min(MOST_GAP, room / (layers.length + 1));
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
