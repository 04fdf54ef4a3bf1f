import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame } from "./support/state.js";
import * as controls from "../../static/js/panels/controls.js";
import * as keys from "../../static/js/header/shortcuts.js";

/** @typedef {ReturnType<typeof openPage>} Page */

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} [remembered]
 */
function openShortcuts(t, remembered = {}) {
  const page = openPage(t, { remembered });
  page.mount("#panel_controls", controls);
  page.mount("body", keys);
  page.connection.begin();
  return page;
}

/**
 * The numbers of pause and resume requests.
 *
 * @param {Page} page
 */
function requestCounts(page) {
  return [page.connection.sent("pause").length, page.connection.sent("resume").length];
}

/** @param {Page} page */
function isOpen(page) {
  return /** @type {HTMLDialogElement} */ (page.get("#keys")).open;
}

test("the space bar pauses and resumes, and does not scroll", (t) => {
  const page = openShortcuts(t);
  assert.equal(page.press("body", " "), false);
  assert.deepEqual(requestCounts(page), [1, 0]);
  page.connection.emit("frame", frame({ status: "paused" }));
  assert.equal(page.press("#panel_samples", " "), false);
  assert.deepEqual(requestCounts(page), [1, 1]);
});

test("the space bar is ignored on elements that use it", (t) => {
  const page = openShortcuts(t);
  const selectors = ["#ti", "#lr_slider", "#lr_typed", "#scheme", "#keys_open", "#opt_kind"];
  for (const selector of [...selectors, "#curve_linear", "a[href]", "summary"]) {
    assert.equal(page.press(selector, " "), true, selector);
  }
  assert.equal(page.press("body", " ", { shiftKey: true }), true); // scrolls up
  assert.deepEqual(requestCounts(page), [0, 0]);
});

test("repeated, handled or modified keys are ignored", (t) => {
  const page = openShortcuts(t);
  for (const option of ["ctrlKey", "metaKey", "altKey", "repeat"]) {
    assert.equal(page.press("body", " ", { [option]: true }), true);
    assert.equal(page.press("body", "?", { [option]: true }), true);
  }
  page.get("#panel_samples").addEventListener("keydown", (event) => event.preventDefault());
  page.press("#panel_samples", " ");
  assert.equal(page.press("body", "x"), true);
  assert.deepEqual([requestCounts(page), isOpen(page)], [[0, 0], false]);
});

test("a question mark opens the list, except in fields that accept text", (t) => {
  const page = openShortcuts(t);
  for (const selector of ["#complete_prime", "#ti", "#scheme"]) {
    assert.equal(page.press(selector, "?"), true, selector);
    assert.equal(isOpen(page), false);
  }
  for (const selector of ["#lr_slider", "#curve_linear", "#learn", "body"]) {
    assert.equal(page.press(selector, "?", { shiftKey: true }), false, selector);
    assert.equal(isOpen(page), true);
    page.get("#keys_close").click();
  }
});

test("the list opens with its button, and closes with its own or a click outside", (t) => {
  const page = openShortcuts(t);
  assert.equal(page.get("#keys_open").getAttribute("aria-haspopup"), "dialog");
  page.get("#keys_open").click();
  assert.equal(isOpen(page), true);
  page.get(".keys-content dl").click();
  assert.equal(isOpen(page), true);
  page.get("#keys_close").click();
  assert.equal(isOpen(page), false);
  page.get("#keys_open").click();
  page.get("#keys").click(); // the backdrop belongs to the dialog
  assert.equal(isOpen(page), false);
});

test("while the list is open the shortcuts are off, and it is not opened twice", (t) => {
  const page = openShortcuts(t);
  const show = t.mock.method(HTMLDialogElement.prototype, "showModal");
  page.get("#keys_open").click();
  page.press("body", " ");
  page.press("body", "?");
  page.get("#keys_open").click();
  assert.deepEqual(requestCounts(page), [0, 0]);
  assert.equal(show.mock.callCount(), 1);
});

test("turning the shortcuts off and on is stored", (t) => {
  const page = openShortcuts(t);
  const enabled = /** @type {HTMLInputElement} */ (page.get("#keys_used"));
  assert.equal(enabled.checked, true);
  enabled.click();
  assert.equal(localStorage.getItem("keys"), "off");
  assert.equal(page.press("body", " "), true);
  assert.equal(page.press("body", "?"), true);
  assert.deepEqual([requestCounts(page), isOpen(page)], [[0, 0], false]);
  enabled.click();
  assert.equal(localStorage.getItem("keys"), null);
  page.press("body", " ");
  assert.deepEqual(requestCounts(page), [1, 0]);
});

test("on a later visit the stored choice applies, and the list still opens", (t) => {
  const page = openShortcuts(t, { keys: "off" });
  assert.equal(/** @type {HTMLInputElement} */ (page.get("#keys_used")).checked, false);
  page.press("body", " ");
  assert.deepEqual(requestCounts(page), [0, 0]);
  page.get("#keys_open").click();
  assert.equal(isOpen(page), true);
});
