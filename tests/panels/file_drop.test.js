import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { onFileDrop } from "../../static/js/ui/file_drop.js";

/** @param {import("node:test").TestContext} t */
function openPlace(t) {
  openPage(t, { variant: "blank" });
  const place = document.createElement("div");
  /** @type {File[][]} */
  const taken = [];
  onFileDrop(place, (files) => taken.push(files));
  return { place, taken };
}

/**
 * Whether the browser would go on with it: open a file in the place of the page, for one.
 *
 * @param {HTMLElement} place
 * @param {string} move
 * @param {{types: string[], files: File[]} | null} dataTransfer
 */
function drag(place, move, dataTransfer) {
  const event = new Event(move, { bubbles: true, cancelable: true });
  return place.dispatchEvent(Object.assign(event, { dataTransfer }));
}

test("the drop zone is highlighted while files are dragged over it, and accepts dropped files", (t) => {
  const { place, taken } = openPlace(t);
  const files = [new File(["a"], "a.txt"), new File(["b"], "b.txt")];
  const carried = { types: ["Files"], files };
  for (const move of ["dragenter", "dragover"]) {
    assert.equal(drag(place, move, carried), false);
    assert.ok(place.matches(".receiving"));
  }
  drag(place, "dragleave", carried);
  assert.ok(!place.matches(".receiving"));
  drag(place, "dragover", carried);
  assert.equal(drag(place, "drop", carried), false);
  assert.ok(!place.matches(".receiving"));
  assert.deepEqual(taken, [files]);
});

test("dragging anything but files is left to the browser", (t) => {
  const { place, taken } = openPlace(t);
  for (const carried of [{ types: ["text/plain"], files: [] }, null]) {
    for (const move of ["dragenter", "dragover", "drop"]) {
      assert.equal(drag(place, move, carried), true);
      assert.ok(!place.matches(".receiving"));
    }
  }
  assert.deepEqual(taken, []);
});
