import assert from "node:assert/strict";
import { test } from "node:test";
import { zoomIn, inView, pan, zoomTo, zoomOut } from "../../static/js/curve/zoom.js";

const EXTENT = { last: 1_000, lastShown: 1_000, minSteps: 40 };
const PART = { from: 400, to: 600 };

test("without a selection the whole curve is in view, up to its last step", () => {
  assert.deepEqual(inView(null, { ...EXTENT, lastShown: 5_000 }), { from: 0, to: 1_000 });
  assert.deepEqual(inView(PART, EXTENT), PART);
});

test("a selected range is clamped to the curve", () => {
  assert.deepEqual(zoomTo(null, EXTENT, { from: -50, to: 1_500 }), { from: 0, to: 1_000 });
  assert.deepEqual(zoomTo(null, { ...EXTENT, lastShown: 5_000 }, { from: 900, to: 1_500 }), {
    from: 900,
    to: 1_500,
  });
});

test("a range with too few steps is not selected", () => {
  assert.equal(zoomTo(PART, EXTENT, { from: 500, to: 530 }), PART);
  assert.equal(zoomTo(null, EXTENT, { from: 990, to: 1_100 }), null);
});

test("zooming keeps the centre, and is limited to the whole curve", () => {
  assert.deepEqual(zoomIn(null, EXTENT), { from: 250, to: 750 });
  assert.deepEqual(zoomOut(PART, EXTENT), { from: 300, to: 700 });
  assert.deepEqual(zoomOut({ from: 0, to: 400 }, EXTENT), { from: 0, to: 800 });
  assert.equal(zoomOut({ from: 200, to: 900 }, EXTENT), null);
  assert.equal(zoomOut(null, EXTENT), null);
});

test("panning keeps the length and stops at the edges; the whole curve does not pan", () => {
  assert.deepEqual(pan(PART, EXTENT, 100), { from: 500, to: 700 });
  assert.deepEqual(pan(PART, EXTENT, 900), { from: 800, to: 1_000 });
  assert.deepEqual(pan(PART, EXTENT, -900), { from: 0, to: 200 });
  assert.equal(pan(null, EXTENT, 100), null);
});
