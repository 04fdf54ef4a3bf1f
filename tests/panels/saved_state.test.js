import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, NOW } from "./support/state.js";
import * as savedState from "../../static/js/header/saved_state.js";

/** @param {import("node:test").TestContext} t */
function openSavedState(t) {
  const page = openPage(t, { only: ".site-header" });
  page.mount(".site-header", savedState);
  return page;
}

/** @param {ReturnType<typeof openPage>} page */
function savedAt(page) {
  return Date.parse(/** @type {HTMLTimeElement} */ (page.get("#saved time")).dateTime) / 1000;
}

test("the page shows when the network was last saved", (t) => {
  const page = openSavedState(t);
  assert.equal(page.state("#saved"), "empty");
  page.connection.begin({ saved_at: null });
  assert.equal(page.state("#saved"), "empty");
  assert.equal(page.get("#saved").textContent, "");
  page.connection.emit("frame", frame({ saved_at: NOW - 5 }));
  assert.equal(page.state("#saved"), "shown");
  assert.equal(savedAt(page), NOW - 5);
  assert.match(page.get("#saved time").textContent ?? "", /\d/);
  page.connection.emit("frame", frame({ saved_at: NOW }));
  assert.equal(savedAt(page), NOW);
});

test("the time is adjusted to the user's clock", (t) => {
  const page = openSavedState(t);
  page.connection.begin({ now: NOW - 3_600, saved_at: NOW - 3_605 });
  assert.equal(savedAt(page), NOW - 5);
});

test("the page warns while the network cannot be saved", (t) => {
  const page = openSavedState(t);
  assert.equal(page.get("#unsaved").role, "alert");
  page.connection.begin();
  for (const saving of [true, false, true]) {
    page.connection.emit("frame", frame({ saving }));
    assert.equal(page.get("#unsaved").hidden, saving);
    assert.equal(page.errorCode("#unsaved"), saving ? null : "not_saving");
  }
});

test("the warning is not rewritten by every frame, so it is not announced again", (t) => {
  const page = openSavedState(t);
  page.connection.begin({ saving: false });
  const textNode = page.get("#unsaved").firstChild;
  page.connection.emit("frame", frame({ saving: false, steps: 300 }));
  assert.equal(page.get("#unsaved").firstChild, textNode);
});
