/** Answers about the network, whole and valid, and the tables that show them. */

/** @import { UnitMatch, GradientCheckResult, EmbeddingsResult, MatrixStats, NetworkResult, SurprisalResult, FindUnitsResult, UnitsResult, WeightsResult } from "../../../static/js/protocol" */
/** @import { openPage } from "./page.js" */
/** @typedef {ReturnType<typeof openPage>} Page */

const LOOK = /** @type {const} */ ({ ok: true, steps: 200, took: 1 });

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
export function surprised(text, probabilities = [], changes = {}) {
  const characters = [...text];
  return {
    ...LOOK,
    characters,
    probabilities: [...characters, ""].map((_, place) => probabilities[place] ?? 0.5),
    likeliest: [...characters, ""].map(() => LIKELIEST),
    perplexity: 2,
    ...changes,
  };
}

/**
 * What units do over a text; the first of them is the one whose values are told.
 *
 * @param {string} text
 * @param {number[][]} rows steps from -127 to 127 of each unit of the grid
 * @param {Partial<UnitsResult>} [changes]
 * @returns {UnitsResult}
 */
export function unitsRead(text, rows, changes = {}) {
  const scale = changes.scale ?? 1;
  const bytes = Int8Array.from(rows.flat());
  return {
    ...LOOK,
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
export function unitsFound(...units) {
  /** @type {UnitMatch[]} */
  const found = units.map(([layer, unit, correlation]) => ({ layer, unit, correlation }));
  return { ...LOOK, found, read: 1_234 };
}

/**
 * @param {Record<string, [number, number]>} points by character
 * @param {Partial<EmbeddingsResult>} [changes]
 * @returns {EmbeddingsResult}
 */
export function lettersMapped(points, changes = {}) {
  return {
    ...LOOK,
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
export function weightsLooked(matrices, changes = {}) {
  return { ...LOOK, matrices, change_at: 1_234, clipped: 0.25, clips_norm: false, ...changes };
}

/**
 * The network at a place of a text: of up to four steps, the squares of each layer.
 *
 * @param {string} text
 * @param {number} at
 * @param {number[][]} layers the same at every step
 * @returns {NetworkResult}
 */
export function networkRead(text, at, layers) {
  const characters = [...text];
  const columns = ["", ...characters]
    .slice(Math.max(0, at - 3), at + 1)
    .map((character) => ({ character, layers, likeliest: LIKELIEST }));
  return { ...LOOK, characters, at, columns };
}

/**
 * @param {GradientCheckResult["matrices"]} matrices
 * @returns {GradientCheckResult}
 */
export function checked(...matrices) {
  return { ...LOOK, steps: 1_234, sentence: "<b>a</b> sentence", matrices };
}

/**
 * What a table says, its hard spaces as spaces.
 *
 * @param {Page} page
 * @param {string} selector of a place that has one table
 * @returns {string[][]}
 */
export function rowsOf(page, selector) {
  return page
    .all(`${selector} tbody tr`)
    .map((row) => [.../** @type {HTMLTableRowElement} */ (row).cells].map(textOf));
}

/**
 * Open the details at a place, as a press on its summary does.
 *
 * @param {Page} page
 * @param {string} selector
 */
export async function open(page, selector) {
  page.get(`${selector} > summary`).click();
  await page.tick(10); // a browser tells of it a little later
}

/** @param {Element} element */
export function textOf({ textContent }) {
  return (textContent ?? "").replaceAll("\u00a0", " ");
}
