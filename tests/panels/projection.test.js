import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aligned,
  closestPairs,
  neighbours,
  AxisExtent,
} from "../../static/js/inspect/projection.js";

/** @import { Points } from "../../static/js/inspect/projection.js" */

/** @returns {Points} */
function points(/** @type {[string, number, number][]} */ ...all) {
  return new Map(all.map(([name, x, y]) => [name, [x, y]]));
}

test("each axis is flipped to match most of the previous points", () => {
  const before = points(["a", 1, 1], ["b", -1, -2]);
  const after = aligned(points(["a", -1, 1.5], ["b", 2, -2], ["new", 3, 3]), before);
  assert.deepEqual([...after], [...points(["a", 1, 1.5], ["b", -2, -2], ["new", -3, 3])]);
});

test("without any previous points the points are unchanged", () => {
  const now = points(["a", -1, -1]);
  assert.deepEqual([...aligned(now, points(["b", 1, 1]))], [...now]);
});

test("the extent grows at once, has a margin, and shrinks slowly", () => {
  const reach = new AxisExtent();
  reach.update(points(["a", 10, -1]));
  assert.ok(Math.abs(reach.x - 11.5) < 1e-9 && Math.abs(reach.y - 1.15) < 1e-9);
  reach.update(points(["a", 11, 1])); // within the margin
  assert.ok(Math.abs(reach.x - 11.5) < 1e-9);
  reach.update(points(["a", 5, 1]));
  assert.ok(reach.x > 10 && reach.x < 11.5);
  for (let time = 0; time < 100; time++) reach.update(points(["a", 5, 1]));
  assert.ok(Math.abs(reach.x - 5.75) < 0.01);
});

test("the extent of identical points does not divide by zero", () => {
  const reach = new AxisExtent();
  reach.update(points(["a", 0, 0]));
  assert.ok(reach.x > 0 && reach.y > 0);
  reach.reset();
  assert.equal(reach.x, 0);
});

test("each point has its nearest neighbour", () => {
  const found = neighbours(points(["a", 0, 0], ["b", 3, 4], ["c", 3, 5]));
  assert.deepEqual(found, [
    { name: "a", other: "b", distance: 5 },
    { name: "b", other: "c", distance: 1 },
    { name: "c", other: "b", distance: 1 },
  ]);
});

test("the closest pairs come first, each pair once", () => {
  const found = neighbours(points(["a", 0, 0], ["b", 3, 4], ["c", 3, 5], ["d", 0, 0.5]));
  const pairs = closestPairs(found, 5).map(({ name, other }) => name + other);
  assert.deepEqual(pairs, ["ad", "bc"]);
  assert.equal(closestPairs(found, 1).length, 1);
});
