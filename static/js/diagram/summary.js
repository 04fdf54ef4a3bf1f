/** The diagram's caption, and the rows of its table. */

/** @import { Layer } from "./layers.js" */
/** @import { NetworkResult, State } from "../protocol" */

import { nameOf, percent } from "../format.js";

/** Squares per layer in the table. */
const MAX_LISTED = 3;

/**
 * @param {State} net
 * @param {number} perCell
 */
export function captionOf({ options, weights }, perCell) {
  const sizes = new Intl.ListFormat("en").format(options.hidden_sizes.map(String));
  const cell = perCell === 1 ? "one square per unit" : `one square per ${perCell} units`;
  return (
    "Read from bottom to top; arrows to the right are memory. Strong activations are opaque, " +
    `negative ones hollow. ${sizes} hidden units, ${weights.toLocaleString("en")} weights; ${cell}.`
  );
}

/** @param {string} character of the input */
export function inputName(character) {
  return character === "" ? "START" : nameOf(character);
}

/** @param {[string, number]} prediction a character and its probability */
export function withProbability([character, probability]) {
  return `${nameOf(character)}, ${percent(probability)}`;
}

/**
 * The newest step as the rows of a table.
 *
 * @param {NetworkResult} answer
 * @param {Layer[]} layers
 * @param {number} perCell
 * @returns {string[][]} from top to bottom, as in the diagram
 */
export function rowsOf({ at, characters, columns }, layers, perCell) {
  const newest = columns.at(-1);
  if (!newest) return [];
  const predictions = newest.likeliest.slice(0, MAX_LISTED).map(withProbability).join("; ");
  const rows = layers.map((layer, index) => {
    const isOutput = index === layers.length - 1;
    const content = isOutput ? predictions : strongest(layer, newest.layers[index] ?? [], perCell);
    return [layer.name, layer.size.toLocaleString("en"), content];
  });
  const place = `character ${at} of ${characters.length}`;
  return [...rows.reverse(), ["input", "1", `${inputName(newest.character)}, ${place}`]];
}

/**
 * @param {Layer} layer
 * @param {number[]} values of its squares
 * @param {number} perCell
 */
function strongest({ noun, size }, values, perCell) {
  return values
    .map((value, cell) => ({ value, cell }))
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value))
    .slice(0, MAX_LISTED)
    .map(({ value, cell }) => `${unitsOf(cell, perCell, size, noun)}: ${signed(value)}\u00a0%`)
    .join("; ");
}

/**
 * @param {number} cell
 * @param {number} perCell
 * @param {number} size
 * @param {string} noun
 */
function unitsOf(cell, perCell, size, noun) {
  const first = cell * perCell + 1;
  const last = Math.min(first + perCell - 1, size);
  return first === last ? `${noun} ${first}` : `${noun}s ${first} to ${last}`;
}

/** @param {number} value */
function signed(value) {
  return String(value).replace("-", "−");
}
