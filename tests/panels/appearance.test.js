import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import * as appearance from "../../static/js/header/appearance.js";

/**
 * @param {import("node:test").TestContext} t
 * @param {string} [chosen] the stored scheme
 */
function openAppearance(t, chosen) {
  const page = openPage(t, {
    only: ".site-header",
    remembered: chosen ? { scheme: chosen } : {},
  });
  if (chosen) document.documentElement.dataset.scheme = chosen; // as theme.js does
  const listener = t.mock.fn();
  addEventListener("schemechange", listener);
  page.mount(".site-header", appearance);
  return { page, listener };
}

function shown() {
  return [document.documentElement.dataset.scheme, localStorage.getItem("scheme")];
}

/** Change the storage in another tab. */
function chooseElsewhere(/** @type {string} */ key, /** @type {string | null} */ value) {
  if (value === null) localStorage.removeItem(key);
  else localStorage.setItem(key, value);
  dispatchEvent(Object.assign(new Event("storage"), { key }));
}

test("without a choice the system's scheme applies, and its changes are announced to the canvases", (t) => {
  const { page, listener } = openAppearance(t);
  assert.equal(page.value("#scheme"), "system");
  assert.deepEqual(shown(), [undefined, null]);
  page.media("(prefers-color-scheme: dark)", true);
  assert.equal(listener.mock.callCount(), 1);
});

test("a choice is applied, stored and announced to the canvases, and can be reset", async (t) => {
  const { page, listener } = openAppearance(t);
  for (const scheme of ["dark", "light"]) {
    await page.choose("#scheme", scheme);
    assert.deepEqual(shown(), [scheme, scheme]);
  }
  assert.equal(listener.mock.callCount(), 2);
  await page.choose("#scheme", "system");
  assert.deepEqual(shown(), [undefined, null]);
  assert.equal(listener.mock.callCount(), 3);
});

test("the stored choice is selected on the next visit", (t) => {
  const { page, listener } = openAppearance(t, "dark");
  assert.equal(page.value("#scheme"), "dark");
  assert.equal(listener.mock.callCount(), 0);
});

test("a choice in another tab is followed, and other storage keys are ignored", (t) => {
  const { page, listener } = openAppearance(t);
  chooseElsewhere("scheme", "dark");
  assert.equal(page.value("#scheme"), "dark");
  assert.deepEqual(shown(), ["dark", "dark"]);
  chooseElsewhere("charnn.preferences", "{}");
  assert.equal(listener.mock.callCount(), 1);
  chooseElsewhere("scheme", null);
  assert.equal(page.value("#scheme"), "system");
  assert.equal(shown()[0], undefined);
  assert.equal(listener.mock.callCount(), 2);
});
