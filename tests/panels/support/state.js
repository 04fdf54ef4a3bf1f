/** Complete and valid data from the server. A test passes only what matters to it. */

/** @import { Curve, LiveState, Frame, Hyperparameters, ErrorResult, State, TextInfo } from "../../../static/js/protocol" */

import { readRendered } from "./rendered.js";

/** The time at the start of a test, in seconds of Unix time. */
export const NOW = 1_750_000_000;

/** @type {Hyperparameters} the server's defaults */
export const OPTIONS = JSON.parse(readRendered("options.json"));

/** @type {LiveState} */
const FIGURES = {
  status: "learning",
  pause_reason: null,
  steps: 200,
  epoch: 100,
  perplexity: 4,
  held_out_perplexity: null,
  best: null,
  overfitting_since: null,
  ms_per_example: 2.5,
  characters_per_second: 4_000,
  learning_rate: 0.01,
  temperature: 1,
  saved_at: NOW - 5,
  saving: true,
};

/** @type {State} */
const STATE = {
  ...FIGURES,
  version: 1,
  session: "abcd",
  text: textInfo("a cat sat\na dog ran"),
  options: OPTIONS,
  seed: 4_711,
  vocabulary: [" ", "a", "c", "d", "g", "n", "o", "r", "s", "t"],
  vocabulary_size: 10,
  weights: 6_000,
  sentences: 2,
  held_out_sentences: 0,
  now: NOW,
  recoveries: 0,
  undoable: null,
  samples: ["a cat ran", "a dog sat", "a cat", "a dog", "a"],
  greedy: "a cat sat",
  curve: curve([100, 8], [200, 4]),
};

/** @typedef {Partial<Omit<State, "text">> & {text?: string}} StateChanges with the whole text */

/**
 * @param {StateChanges} [changes]
 * @returns {State}
 */
export function state({ text, ...changes } = {}) {
  const net = { ...STATE, ...changes };
  net.vocabulary_size = changes.vocabulary?.length ?? net.vocabulary_size;
  return text === undefined ? net : { ...net, text: textInfo(text) };
}

/**
 * A text in short; the checksum is any that differs between texts.
 *
 * @param {string} text
 * @returns {TextInfo}
 */
export function textInfo(text) {
  const characters = [...text];
  return {
    checksum: `of ${text}`,
    characters: characters.length,
    beginning: characters.slice(0, 1_000).join(""),
    stored: characters.length > 300_000,
  };
}

let seq = 0;

/**
 * @param {Partial<Frame>} [changes]
 * @returns {Frame}
 */
export function frame(changes = {}) {
  return { ...FIGURES, seq: ++seq, ...changes };
}

/**
 * The whole curve from steps and perplexities.
 *
 * @param {[step: number, perplexity: number | null][]} points
 * @returns {Curve}
 */
export function curve(...points) {
  return {
    version: 1,
    start: 0,
    points: points.map(([step, perplexity]) => [step, perplexity, null, 0.01, null]),
  };
}

/**
 * @param {string} code
 * @param {string | null} [field]
 * @returns {ErrorResult}
 */
export function refused(code, field = null) {
  return { ok: false, code, error: `The message of ${code}.`, field };
}
