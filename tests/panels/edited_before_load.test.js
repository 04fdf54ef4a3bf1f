import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { wasEditedBeforeLoad } from "../../static/js/ui/dom.js";

/** @param {import("node:test").TestContext} t */
function openFields(t) {
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
  for (const field of openFields(t)) assert.equal(wasEditedBeforeLoad(field), false);
});

test("a field with another value was edited", (t) => {
  const [input, textarea, first, chosen] = openFields(t);
  for (const [field, value] of /** @type {const} */ ([
    [input, "6"],
    [textarea, "words"],
    [first, "b"],
    [chosen, "a"],
  ])) {
    if (!field) throw new Error("an entry is missing");
    field.value = value;
    assert.equal(wasEditedBeforeLoad(field), true);
  }
});
