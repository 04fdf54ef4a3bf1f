import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { drawBars, newHistogram } from "../../static/js/ui/histogram.js";

/** @param {SVGElement} path */
function shape(path) {
  return path.getAttribute("d") ?? "";
}

test("a bin with values has a bar of its share, with a minimum height", (t) => {
  openPage(t, { variant: "blank" });
  const picture = newHistogram("bars");
  drawBars(picture, { low: 0, high: 4, counts: [1, 0, 1_000, 500] });
  const heights = [...shape(picture.bars).matchAll(/v-([\d.]+)/g)].map(([, height]) => height);
  assert.deepEqual(heights, ["1.0", "24.0", "12.0"]);
  const lefts = [...shape(picture.bars).matchAll(/M([\d.]+)/g)].map(([, left]) => left);
  assert.deepEqual(lefts, ["2.3", "52.3", "77.3"]);
});

test("the band is at zero, or spans the given range", (t) => {
  openPage(t, { variant: "blank" });
  for (const [marked, from, to] of /** @type {const} */ ([
    [undefined, "50.0", "50.0"],
    [[-1, 0.5], "25.0", "62.5"],
  ])) {
    const picture = newHistogram("bars", marked && [...marked]);
    drawBars(picture, { low: -2, high: 2, counts: [1] });
    assert.ok(shape(picture.band).startsWith(`M${from} 0H${to}V`));
  }
});

test("no histogram removes the previous bars", (t) => {
  openPage(t, { variant: "blank" });
  const picture = newHistogram("bars");
  drawBars(picture, { low: 0, high: 1, counts: [1] });
  drawBars(picture, null);
  assert.equal(shape(picture.bars), "");
});
