import assert from "node:assert/strict";
import { test } from "node:test";
import { networkId } from "../../static/js/state/network_id.js";
import { NO_RUNS, runsAfter } from "../../static/js/state/previous_runs.js";
import { OPTIONS, state } from "./support/state.js";

/** @import { StateChanges } from "./support/state.js" */
/** @import { Points, Values } from "../../static/js/state/store.js" */

/**
 * @param {number[]} steps
 * @param {Values} perplexities
 * @returns {Points}
 */
function points(steps, perplexities) {
  const none = steps.map(() => null);
  return { steps, perplexities, validation: none, rates: none, setRates: none };
}

const NO_POINTS = points([], []);
const TWO_POINTS = points([10, 20], [9, 8]);

/**
 * @param {number} version
 * @param {Points} curve
 * @param {StateChanges} [changes]
 */
function snapshot(version, curve, changes = {}) {
  return { net: state({ version, ...changes }), points: curve };
}

test("a network is identified by its version and its session", () => {
  assert.equal(networkId(state({ version: 1 })), networkId(state({ version: 1, steps: 9 })));
  assert.notEqual(networkId(state({ version: 1 })), networkId(state({ version: 2 })));
  assert.notEqual(networkId(state({ session: "a" })), networkId(state({ session: "b" })));
});

test("the first network, or the same one again, adds no previous run", () => {
  assert.equal(
    runsAfter(NO_RUNS, { net: null, points: NO_POINTS }, snapshot(1, TWO_POINTS)),
    NO_RUNS,
  );
  assert.equal(runsAfter(NO_RUNS, snapshot(1, TWO_POINTS), snapshot(1, TWO_POINTS)), NO_RUNS);
});

test("the curve of the previous network is stored, with its architecture and result", () => {
  const before = snapshot(1, points([10, 20], [9, 8.126]), { steps: 1_234 });
  const { previous } = runsAfter(NO_RUNS, before, snapshot(2, NO_POINTS));
  assert.deepEqual(previous[0]?.steps, [10, 20]);
  assert.deepEqual(previous[0]?.perplexities, [9, 8.126]);
  assert.match(previous[0]?.summary ?? "", /\blstm\b.*\b20, 20\b.*\b8\.13\b.*\b1,234\b/);
});

test("a curve of one point is no run, and a diverged run keeps its last finite value", () => {
  assert.deepEqual(
    runsAfter(NO_RUNS, snapshot(1, points([10], [9])), snapshot(2, NO_POINTS)).previous,
    [],
  );
  const { previous } = runsAfter(
    NO_RUNS,
    snapshot(1, points([1, 2], [5, null])),
    snapshot(2, NO_POINTS),
  );
  assert.match(previous[0]?.summary ?? "", /\b5\.00\b/);
});

test("the difference from the previous network is described", () => {
  const difference = (/** @type {StateChanges} */ changes) =>
    runsAfter(NO_RUNS, snapshot(1, TWO_POINTS), snapshot(2, NO_POINTS, changes)).difference;
  const same = difference({});
  const options = { ...OPTIONS, kind: /** @type {const} */ ("gru"), hidden_sizes: [7, 6] };
  assert.match(difference({ options }), /\bgru\b.*\b7, 6\b/);
  assert.notEqual(difference({ text: "another" }), same);
  assert.doesNotMatch(difference({ text: "another" }), /\blstm\b/);
});

test("a restored run is not drawn behind itself", () => {
  const replaced = runsAfter(NO_RUNS, snapshot(1, TWO_POINTS), snapshot(2, NO_POINTS));
  assert.equal(replaced.previous.length, 1);
  const restored = runsAfter(
    replaced,
    snapshot(2, NO_POINTS),
    snapshot(3, points([10, 20, 30], [9, 8, 7])),
  );
  assert.deepEqual(restored.previous, []);
});

test("the last five runs are stored, oldest first", () => {
  let runs = NO_RUNS;
  for (let version = 1; version <= 7; version++) {
    const before = snapshot(version, points([version, 100], [9, 8]));
    runs = runsAfter(runs, before, snapshot(version + 1, NO_POINTS));
  }
  assert.deepEqual(
    runs.previous.map(({ steps }) => steps[0]),
    [3, 4, 5, 6, 7],
  );
});

test("a long curve is subsampled, with its first and last point", () => {
  const steps = Array.from({ length: 10_000 }, (_, index) => index + 1);
  const { previous } = runsAfter(
    NO_RUNS,
    snapshot(1, points(steps, steps)),
    snapshot(2, NO_POINTS),
  );
  const sampled = previous[0]?.steps ?? [];
  assert.ok(sampled.length > 200 && sampled.length <= 300, `${sampled.length} points`);
  assert.deepEqual([sampled[0], sampled.at(-1)], [1, 10_000]);
  assert.deepEqual(previous[0]?.perplexities, sampled);
});
