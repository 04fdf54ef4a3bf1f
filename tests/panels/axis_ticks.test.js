import assert from "node:assert/strict";
import { test } from "node:test";
import { ticksBetween, shortNumber } from "../../static/js/curve/axis_ticks.js";

test("a wide range has round ticks, evenly spaced on the logarithmic axis", () => {
  assert.deepEqual(ticksBetween(1, 30, 200), [1, 2, 4, 7, 15, 30]);
});

test("ticks do not overlap and stay within the range", () => {
  for (const [low, high] of /** @type {const} */ ([
    [0.9, 1e7],
    [2, 5],
    [1, 100],
    [4.01, 4.09],
  ])) {
    const ticks = ticksBetween(low, high, 200);
    assert.ok(ticks.length >= 2, `${low} to ${high}: ${ticks}`);
    const positions = ticks.map((tick) => (200 * Math.log(tick / low)) / Math.log(high / low));
    positions
      .slice(1)
      .forEach((position, index) => assert.ok(position - (positions[index] ?? 0) >= 25.9));
    assert.ok(ticks.every((tick) => tick >= low && tick <= high));
  }
});

test("a narrow range has evenly spaced ticks", () => {
  assert.deepEqual(ticksBetween(4.1, 4.9, 400), [4.2, 4.4, 4.6, 4.8]);
});

test("large numbers are abbreviated", () => {
  const numbers = [0, 1.5, 999, 1_500, 20_000, 3_000_000, 5e9];
  assert.deepEqual(numbers.map(shortNumber), ["0", "1.5", "999", "1.5k", "20k", "3M", "5e+9"]);
});
