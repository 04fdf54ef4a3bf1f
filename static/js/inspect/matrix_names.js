/** What a matrix of the network is for, in words. */

/** @import { Hyperparameters } from "../protocol" */

/** @type {Record<Hyperparameters["kind"], Record<string, string>>} */
const GATES = {
  lstm: { i: "input gate", f: "forget gate", o: "output gate", c: "cell write" },
  gru: { z: "update gate", r: "reset gate", c: "candidate" },
  rnn: {},
};

/** @type {Record<string, string>} */
const AROUND = { Wil: "letter vectors", Whd: "decoder", bd: "decoder, bias" };

/** @type {Record<string, string>} */
const PLAIN = { Wxh: "from below", Whh: "from its own state", bhh: "bias" };

/**
 * @param {string} name in the saved JSON, such as Wix0
 * @param {Hyperparameters["kind"]} kind of the network's cells
 */
export function matrixInWords(name, kind) {
  return AROUND[name] ?? inLayer(name.replace(/\d+$/, ""), kind);
}

/**
 * The hidden layer that a matrix belongs to, the lowest being 1; null if it is around them all.
 *
 * @param {string} name
 */
export function layerOf(name) {
  const number = /\d+$/.exec(name);
  return number ? Number(number[0]) + 1 : null;
}

/**
 * @param {string} stem the name without the layer's number
 * @param {Hyperparameters["kind"]} kind
 */
function inLayer(stem, kind) {
  if (kind === "rnn") return PLAIN[stem] ?? "";
  const [what = "", gate = "", from = ""] = stem;
  const named = GATES[kind][gate];
  if (!named) return "";
  if (what === "b") return from ? `${named}, bias of its own state` : `${named}, bias`;
  return from === "x" ? `${named}, from below` : `${named}, from its own state`;
}
