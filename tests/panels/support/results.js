/** Complete and valid inspection results, and helpers for the tables that show them. */

/** @import { UnitMatch, GradientCheckResult, EmbeddingsResult, MatrixStats, NetworkResult, SurprisalResult, FindUnitsResult, UnitsResult, WeightsResult } from "../../../static/js/protocol" */
/** @import { openPage } from "./page.js" */
/** @typedef {ReturnType<typeof openPage>} Page */

const BASE = /** @type {const} */ ({ ok: true, steps: 200, took: 1 });

/** @type {[string, number][]} */
export const LIKELIEST = [
  ["e", 0.5],
  [" ", 0.25],
  ["", 0.125],
  ["a", 0.0625],
  ["b", 0.0005],
];

/**
 * @param {string} text
 * @param {number[]} [probabilities] of each character and of the end
 * @param {Partial<SurprisalResult>} [changes]
 * @returns {SurprisalResult}
 */
export function surprisalResult(text, probabilities = [], changes = {}) {
  const characters = [...text];
  return {
    ...BASE,
    characters,
    probabilities: [...characters, ""].map((_, index) => probabilities[index] ?? 0.5),
    likeliest: [...characters, ""].map(() => LIKELIEST),
    perplexity: 2,
    ...changes,
  };
}

/**
 * The activations of units over a text; the values are those of the first unit.
 *
 * @param {string} text
 * @param {number[][]} rows the grid: a row per unit, with values from -127 to 127
 * @param {Partial<UnitsResult>} [changes]
 * @returns {UnitsResult}
 */
export function unitsResult(text, rows, changes = {}) {
  const scale = changes.scale ?? 1;
  const bytes = Int8Array.from(rows.flat());
  return {
    ...BASE,
    characters: [...text],
    values: (rows[0] ?? []).map((step) => (step * scale) / 127),
    units: rows.length,
    first: 1,
    grid: Buffer.from(bytes.buffer).toString("base64"),
    scale,
    ...changes,
  };
}

/**
 * @param {[layer: number, unit: number, correlation: number][]} units
 * @returns {FindUnitsResult}
 */
export function findUnitsResult(...units) {
  /** @type {UnitMatch[]} */
  const found = units.map(([layer, unit, correlation]) => ({ layer, unit, correlation }));
  return { ...BASE, found, read: 1_234 };
}

/**
 * @param {Record<string, [number, number]>} points by character
 * @param {Partial<EmbeddingsResult>} [changes]
 * @returns {EmbeddingsResult}
 */
export function embeddingsResult(points, changes = {}) {
  return {
    ...BASE,
    letters: Object.keys(points),
    points: Object.values(points),
    shares: [0.614, 0.2],
    left_out: 0,
    ...changes,
  };
}

/**
 * @param {string} name
 * @param {Partial<MatrixStats>} [changes]
 * @returns {MatrixStats}
 */
export function matrix(name, changes = {}) {
  return {
    name,
    shape: [20, 5],
    spread: 0.123,
    weights: { low: -1, high: 1, counts: [1, 2, 0, 1] },
    change: 0.001,
    changes: { low: -6, high: 0, counts: [0, 4, 2] },
    ...changes,
  };
}

/**
 * @param {MatrixStats[]} matrices
 * @param {Partial<WeightsResult>} [changes]
 * @returns {WeightsResult}
 */
export function weightsResult(matrices, changes = {}) {
  return { ...BASE, matrices, change_at: 1_234, clipped: 0.25, clips_norm: false, ...changes };
}

/**
 * The diagram at a position of a text: the squares of each layer, in up to four steps.
 *
 * @param {string} text
 * @param {number} at
 * @param {number[][]} layers the same at every step
 * @returns {NetworkResult}
 */
export function networkResult(text, at, layers) {
  const characters = [...text];
  const columns = ["", ...characters]
    .slice(Math.max(0, at - 3), at + 1)
    .map((character) => ({ character, layers, likeliest: LIKELIEST }));
  return { ...BASE, characters, at, columns };
}

/**
 * @param {GradientCheckResult["matrices"]} matrices
 * @returns {GradientCheckResult}
 */
export function gradientCheckResult(...matrices) {
  return { ...BASE, steps: 1_234, sentence: "<b>a</b> sentence", matrices };
}

/**
 * The text of a table's cells, with non-breaking spaces as spaces.
 *
 * @param {Page} page
 * @param {string} selector of an element with one table
 * @returns {string[][]}
 */
export function rowsOf(page, selector) {
  return page
    .all(`${selector} tbody tr`)
    .map((row) => [.../** @type {HTMLTableRowElement} */ (row).cells].map(textOf));
}

/**
 * Open a details element by a click on its summary.
 *
 * @param {Page} page
 * @param {string} selector
 */
export async function openDetails(page, selector) {
  page.get(`${selector} > summary`).click();
  await page.tick(10); // the toggle event is asynchronous
}

/** @param {Element} element */
export function textOf({ textContent }) {
  return (textContent ?? "").replaceAll("\u00a0", " ");
}
