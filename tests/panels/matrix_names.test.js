import assert from "node:assert/strict";
import { test } from "node:test";
import { layerOf, matrixDescription } from "../../static/js/inspect/matrix_names.js";

const SHARED = ["Wil", "Whd", "bd"];
const GATED = (/** @type {string} */ gates, /** @type {string[]} */ biases) => [
  ...SHARED,
  ...[...gates].flatMap((gate) => [`W${gate}x0`, `W${gate}h0`]),
  ...biases,
];
const MATRICES = /** @type {const} */ ({
  lstm: GATED("ifoc", ["bi0", "bf0", "bo0", "bc0"]),
  gru: GATED("zrc", ["bz0", "br0", "bc0", "bch0"]),
  rnn: [...SHARED, "Wxh0", "Whh0", "bhh0"],
});

for (const kind of /** @type {const} */ (["lstm", "gru", "rnn"])) {
  test(`each matrix of an ${kind} has its own description`, () => {
    const descriptions = MATRICES[kind].map((name) => matrixDescription(name, kind));
    assert.ok(descriptions.every(Boolean), descriptions.join());
    assert.equal(new Set(descriptions).size, descriptions.length);
  });
}

test("a matrix has the same description in each layer", () => {
  assert.equal(matrixDescription("Wix11", "lstm"), matrixDescription("Wix0", "lstm"));
});

test("a matrix of another kind of cell has no description", () => {
  assert.deepEqual([matrixDescription("Wzx0", "lstm"), matrixDescription("Wix0", "rnn")], ["", ""]);
});

test("a matrix belongs to the layer of its number, counted from 1", () => {
  assert.deepEqual(["Wix0", "bhh1", "Whd"].map(layerOf), [1, 2, null]);
});
