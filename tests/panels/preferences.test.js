import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { removeItem, getItem, setItem } from "../../static/js/state/preferences.js";
import * as preferences from "../../static/js/state/preferences.js";

const KEY = "charnn.preferences";

/**
 * @param {import("node:test").TestContext} t
 * @param {string} [stored]
 */
function openBlank(t, stored) {
  openPage(t, { variant: "blank", remembered: stored === undefined ? {} : { [KEY]: stored } });
}

test("a stored item is returned until it is removed", (t) => {
  openBlank(t);
  assert.equal(getItem("a"), null);
  setItem("a", "1");
  assert.equal(getItem("a"), "1");
  assert.equal(localStorage.getItem("a"), "1");
  removeItem("a");
  assert.equal(getItem("a"), null);
});

test("without localStorage nothing is stored, and no error is thrown", (t) => {
  openBlank(t);
  Object.defineProperty(globalThis, "localStorage", {
    get: () => assert.fail("SecurityError"),
    configurable: true,
  });
  setItem("a", "1");
  removeItem("a");
  assert.equal(getItem("a"), null);
  preferences.set("axis", "linear");
  assert.equal(preferences.get("axis", "logarithmic"), "logarithmic");
});

test("preferences are stored together in one item", (t) => {
  openBlank(t, '{"axis":"linear"}');
  preferences.set("earlier", false);
  preferences.set("layer", 2);
  assert.equal(preferences.get("axis", "logarithmic"), "linear");
  assert.equal(preferences.get("earlier", true), false);
  assert.equal(preferences.get("layer", 1), 2);
  assert.deepEqual(JSON.parse(localStorage.getItem(KEY) ?? ""), {
    axis: "linear",
    earlier: false,
    layer: 2,
  });
});

test("a preference of an unexpected type counts as missing", (t) => {
  openBlank(t, '{"axis":1,"earlier":"no","layer":null}');
  assert.equal(preferences.get("axis", "logarithmic"), "logarithmic");
  assert.equal(preferences.get("earlier", true), true);
  assert.equal(preferences.get("layer", 1), 1);
  assert.equal(preferences.get("unknown", 3), 3);
});

for (const damaged of ["{", "null", "7", '"text"']) {
  test(`preferences corrupted to ${damaged} are ignored and replaced`, (t) => {
    openBlank(t, damaged);
    assert.equal(preferences.get("axis", "logarithmic"), "logarithmic");
    preferences.set("axis", "linear");
    assert.equal(preferences.get("axis", "logarithmic"), "linear");
  });
}
