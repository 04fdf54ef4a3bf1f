import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { wasEditedBeforeLoad } from "../../static/js/ui/dom.js";

/** @param {import("node:test").TestContext} t */
function openEntries(t) {
  openPage(t, { variant: "blank" });
  document.body.innerHTML = `
    <input value="5">
    <textarea></textarea>
    <select id="first"><option>a</option><option>b</option></select>
    <select id="chosen"><option>a</option><option selected>b</option></select>`;
  return /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([
    ...document.body.querySelectorAll("input, textarea, select"),
  ]);
}

test("a field with its default value was not edited", (t) => {
  for (const entry of openEntries(t)) assert.equal(wasEditedBeforeLoad(entry), false);
});

test("a field with another value was edited", (t) => {
  const [input, textarea, first, chosen] = openEntries(t);
  for (const [entry, value] of /** @type {const} */ ([
    [input, "6"],
    [textarea, "words"],
    [first, "b"],
    [chosen, "a"],
  ])) {
    if (!entry) throw new Error("an entry is missing");
    entry.value = value;
    assert.equal(wasEditedBeforeLoad(entry), true);
  }
});
