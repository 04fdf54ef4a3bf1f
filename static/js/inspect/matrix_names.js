/** Descriptions of the network's matrices. */

/** @import { Hyperparameters } from "../protocol" */

/** @type {Record<Hyperparameters["kind"], Record<string, string>>} */
const GATES = {
  lstm: { i: "input gate", f: "forget gate", o: "output gate", c: "cell write" },
  gru: { z: "update gate", r: "reset gate", c: "candidate" },
  rnn: {},
};

/** @type {Record<string, string>} */
const SHARED = { Wil: "letter vectors", Whd: "decoder", bd: "decoder, bias" };

/** @type {Record<string, string>} */
const PLAIN = { Wxh: "from below", Whh: "from its own state", bhh: "bias" };

/**
 * @param {string} name in the saved JSON, such as Wix0
 * @param {Hyperparameters["kind"]} kind of the network's cells
 */
export function matrixDescription(name, kind) {
  return SHARED[name] ?? layerMatrix(name.replace(/\d+$/, ""), kind);
}

/**
 * The hidden layer of a matrix, the lowest being 1; null if it belongs to none.
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
function layerMatrix(stem, kind) {
  if (kind === "rnn") return PLAIN[stem] ?? "";
  const [type = "", gate = "", from = ""] = stem;
  const gateName = GATES[kind][gate];
  if (!gateName) return "";
  if (type === "b") return from ? `${gateName}, bias of its own state` : `${gateName}, bias`;
  return from === "x" ? `${gateName}, from below` : `${gateName}, from its own state`;
}
