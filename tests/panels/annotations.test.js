import assert from "node:assert/strict";
import { test } from "node:test";
import { annotationsOf } from "../../static/js/curve/annotations.js";

/** @param {(number | null)[]} setRates at steps 10, 20 and so on */
function points(...setRates) {
  const steps = setRates.map((_, index) => 10 * (index + 1));
  const others = setRates.map(() => null);
  return { steps, setRates, perplexities: others, validation: others, rates: others };
}

/** @param {ReturnType<typeof points>} curve */
function changes(curve) {
  return annotationsOf(curve, "").map(({ step, short }) => [step, short.match(/[\d.]+/)?.[0]]);
}

test("a new learning rate is annotated at the last step before the change", () => {
  assert.deepEqual(changes(points(0.01, 0.01, 0.001, 0.001)), [[20, "0.001"]]);
});

test("slider moves at consecutive points count as one change", () => {
  assert.deepEqual(changes(points(0.01, 0.009, 0.008, 0.008, 0.005)), [[10, "0.005"]]);
  assert.deepEqual(changes(points(0.01, 0.02, 0.02, 0.02, 0.02, 0.05)), [
    [10, "0.02"],
    [50, "0.05"],
  ]);
});

test("a learning rate that returns to its value is no change, nor is an unknown one", () => {
  assert.deepEqual(changes(points(0.01, 0.02, 0.01)), []);
  assert.deepEqual(changes(points(0.01, null, 0.02, null)), []);
});

test("the difference from the previous run is annotated at the start, once there is a point", () => {
  assert.deepEqual(annotationsOf(points(0.01), "other"), [{ step: 0, text: "other", short: "" }]);
  assert.deepEqual(annotationsOf(points(), "other"), []);
  assert.deepEqual(annotationsOf(points(0.01), ""), []);
});
