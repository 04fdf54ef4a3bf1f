import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { onFileDrop } from "../../static/js/ui/file_drop.js";

/** @param {import("node:test").TestContext} t */
function openElement(t) {
  openPage(t, { variant: "blank" });
  const element = document.createElement("div");
  /** @type {File[][]} */
  const dropped = [];
  onFileDrop(element, (files) => dropped.push(files));
  return { element, dropped };
}

/**
 * Whether the browser's default action would run, such as opening the file.
 *
 * @param {HTMLElement} element
 * @param {string} move
 * @param {{types: string[], files: File[]} | null} dataTransfer
 */
function drag(element, move, dataTransfer) {
  const event = new Event(move, { bubbles: true, cancelable: true });
  return element.dispatchEvent(Object.assign(event, { dataTransfer }));
}

test("the drop zone is highlighted while files are dragged over it, and accepts dropped files", (t) => {
  const { element, dropped } = openElement(t);
  const files = [new File(["a"], "a.txt"), new File(["b"], "b.txt")];
  const dataTransfer = { types: ["Files"], files };
  for (const move of ["dragenter", "dragover"]) {
    assert.equal(drag(element, move, dataTransfer), false);
    assert.ok(element.matches(".receiving"));
  }
  drag(element, "dragleave", dataTransfer);
  assert.ok(!element.matches(".receiving"));
  drag(element, "dragover", dataTransfer);
  assert.equal(drag(element, "drop", dataTransfer), false);
  assert.ok(!element.matches(".receiving"));
  assert.deepEqual(dropped, [files]);
});

test("dragging anything but files is left to the browser", (t) => {
  const { element, dropped } = openElement(t);
  for (const dataTransfer of [{ types: ["text/plain"], files: [] }, null]) {
    for (const move of ["dragenter", "dragover", "drop"]) {
      assert.equal(drag(element, move, dataTransfer), true);
      assert.ok(!element.matches(".receiving"));
    }
  }
  assert.deepEqual(dropped, []);
});
