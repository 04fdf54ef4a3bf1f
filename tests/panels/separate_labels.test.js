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
  const places = [
    [0, 0],
    [20, 0],
  ];
  assert.deepEqual(separateLabels(places, [13, 13], 9), places);
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
  const places = Array.from({ length: 30 }, () => [5, 5]);
  const moved = separateLabels(
    places,
    Array.from(places, () => 13),
    9,
  );
  assert.ok(moved.every((place) => distance(place, [5, 5]) <= 9 + 1e-9));
  assert.equal(new Set(moved.map(String)).size, 30);
});

test("a wide label takes more space", () => {
  /** @type {Place[]} */
  const places = [
    [0, 0],
    [15, 0],
  ];
  assert.deepEqual(separateLabels(places, [13, 13], 9), places);
  const [one, other] = separateLabels(places, [26, 13], 9);
  assert.ok(Math.abs(distance(one, other) - 19.5) < 1e-6);
});
