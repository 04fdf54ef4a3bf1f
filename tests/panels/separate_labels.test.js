import assert from "node:assert/strict";
import { test } from "node:test";
import { separateLabels } from "../../static/js/inspect/projection.js";

/** @typedef {[number, number]} Place */

/**
 * @param {Place | undefined} one
 * @param {Place | undefined} other
 */
function distance(one = [NaN, NaN], other = [NaN, NaN]) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

test("labels that do not overlap are not moved", () => {
  /** @type {Place[]} */
  const positions = [
    [0, 0],
    [20, 0],
  ];
  assert.deepEqual(separateLabels(positions, [13, 13], 9), positions);
});

test("overlapping labels are moved until they do not overlap", () => {
  const [one, other] = separateLabels(
    [
      [0, 0],
      [3, 0],
    ],
    [13, 13],
    9,
  );
  assert.ok(Math.abs(distance(one, other) - 13) < 1e-6);
  assert.deepEqual([one?.[1], other?.[1]], [0, 0]); // along the line between them
});

test("a label moves at most the maximum distance, so many at one point still overlap", () => {
  /** @type {Place[]} */
  const positions = Array.from({ length: 30 }, () => [5, 5]);
  const moved = separateLabels(
    positions,
    Array.from(positions, () => 13),
    9,
  );
  assert.ok(moved.every((position) => distance(position, [5, 5]) <= 9 + 1e-9));
  assert.equal(new Set(moved.map(String)).size, 30);
});

test("a wide label takes more space", () => {
  /** @type {Place[]} */
  const positions = [
    [0, 0],
    [15, 0],
  ];
  assert.deepEqual(separateLabels(positions, [13, 13], 9), positions);
  const [one, other] = separateLabels(positions, [26, 13], 9);
  assert.ok(Math.abs(distance(one, other) - 19.5) < 1e-6);
});
