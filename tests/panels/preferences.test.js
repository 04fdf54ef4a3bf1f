import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { removeItem, getItem, setItem } from "../../static/js/state/preferences.js";
import * as preferences from "../../static/js/state/preferences.js";

const KEY = "charnn.preferences";

/**
 * @param {import("node:test").TestContext} t
 * @param {string} [kept]
 */
function openBlank(t, kept) {
  openPage(t, { variant: "blank", remembered: kept === undefined ? {} : { [KEY]: kept } });
}

test("what is remembered is recalled until it is forgotten", (t) => {
  openBlank(t);
  assert.equal(getItem("a"), null);
  setItem("a", "1");
  assert.equal(getItem("a"), "1");
  assert.equal(localStorage.getItem("a"), "1");
  removeItem("a");
  assert.equal(getItem("a"), null);
});

test("a browser without a store is no error: nothing is remembered", (t) => {
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

test("preferences are kept beside each other in one entry, and read from it", (t) => {
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

test("a preference of another type than expected counts as none", (t) => {
  openBlank(t, '{"axis":1,"earlier":"no","layer":null}');
  assert.equal(preferences.get("axis", "logarithmic"), "logarithmic");
  assert.equal(preferences.get("earlier", true), true);
  assert.equal(preferences.get("layer", 1), 1);
  assert.equal(preferences.get("unknown", 3), 3);
});

for (const damaged of ["{", "null", "7", '"text"']) {
  test(`preferences that were damaged to ${damaged} are none, and are replaced`, (t) => {
    openBlank(t, damaged);
    assert.equal(preferences.get("axis", "logarithmic"), "logarithmic");
    preferences.set("axis", "linear");
    assert.equal(preferences.get("axis", "logarithmic"), "linear");
  });
}
