/** What the picture of the network says in words: below it, and as the table behind it. */

/** @import { Layer } from "./layers.js" */
/** @import { NetworkResult, State } from "../protocol" */

import { nameOf, percent } from "../format.js";

/** Squares of a layer that the table names. */
const STRONGEST = 3;

/**
 * @param {State} net
 * @param {number} perCell
 */
export function inWords({ options, weights }, perCell) {
  const sizes = new Intl.ListFormat("en").format(options.hidden_sizes.map(String));
  const cell = perCell === 1 ? "one square a unit" : `a square for every ${perCell} units`;
  return (
    "Read upwards; arrows to the right are memory. Strong units are lit, those below zero " +
    `hollow. ${sizes} hidden units, ${weights.toLocaleString("en")} weights; ${cell}.`
  );
}

/** @param {string} character that goes in */
export function entering(character) {
  return character === "" ? "START" : nameOf(character);
}

/** @param {[string, number]} likely a character and its probability */
export function inOdds([character, probability]) {
  return `${nameOf(character)}, ${percent(probability)}`;
}

/**
 * The newest step as the rows of a table.
 *
 * @param {NetworkResult} read
 * @param {Layer[]} layers
 * @param {number} perCell
 * @returns {string[][]} from above downwards, as the picture has them
 */
export function rowsOf({ at, characters, columns }, layers, perCell) {
  const newest = columns.at(-1);
  if (!newest) return [];
  const odds = newest.likeliest.slice(0, STRONGEST).map(inOdds).join("; ");
  const rows = layers.map((layer, index) => {
    const isOutput = index === layers.length - 1;
    const told = isOutput ? odds : strongest(layer, newest.layers[index] ?? [], perCell);
    return [layer.name, layer.size.toLocaleString("en"), told];
  });
  const place = `character ${at} of ${characters.length}`;
  return [...rows.reverse(), ["goes in", "1", `${entering(newest.character)}, ${place}`]];
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
    .slice(0, STRONGEST)
    .map(({ value, cell }) => `${squareOf(cell, perCell, size, noun)}: ${signed(value)}\u00a0%`)
    .join("; ");
}

/**
 * @param {number} cell
 * @param {number} perCell
 * @param {number} size
 * @param {string} noun
 */
function squareOf(cell, perCell, size, noun) {
  const first = cell * perCell + 1;
  const last = Math.min(first + perCell - 1, size);
  return first === last ? `${noun} ${first}` : `${noun}s ${first} to ${last}`;
}

/** @param {number} value */
function signed(value) {
  return String(value).replace("-", "−");
}
