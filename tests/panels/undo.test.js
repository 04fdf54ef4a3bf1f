import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, refused, state } from "./support/state.js";
import * as notices from "../../static/js/ui/notices.js";
import * as undo from "../../static/js/header/undo.js";

/** @typedef {ReturnType<typeof openPage>} Page */
/** @import { StateChanges } from "./support/state.js" */

/**
 * @param {import("node:test").TestContext} t
 * @param {StateChanges} [changes]
 */
function openUndo(t, changes) {
  const page = openPage(t, { only: "#panel_controls, #panel_saving, #panel_pretrained, #notices" });
  page.mount("body", undo);
  page.mount("#notices", notices);
  page.connection.begin(changes);
  return page;
}

/** @param {Page} page */
function codes(page) {
  return page.store.page.notices.map(({ code }) => code);
}

/** @param {Page} page */
function buttons(page) {
  return page.all("button.undo").map(({ hidden, dataset }) => [!hidden, dataset.state]);
}

const RESTARTED = state({ version: 2, undoable: "restart" });

test("each panel that replaces networks has an undo button while undo is available", (t) => {
  const page = openUndo(t);
  for (const panel of ["#panel_controls", "#panel_saving", "#panel_pretrained"]) {
    assert.equal(page.all(`${panel} button.undo`).length, 1);
  }
  assert.deepEqual(buttons(page), Array(3).fill([false, "empty"]));
  for (const undoable of /** @type {const} */ (["restart", "load", "undo"])) {
    page.connection.emit("frame", frame({ undoable }));
    assert.deepEqual(buttons(page), Array(3).fill([true, undoable]));
  }
  page.connection.emit("frame", frame({ undoable: null }));
  assert.deepEqual(buttons(page), Array(3).fill([false, "empty"]));
});

test("the button is labelled redo when it would revert an undo", (t) => {
  const page = openUndo(t, { undoable: "restart" });
  const label = () => page.get("button.undo").textContent;
  const restart = label();
  page.connection.emit("frame", frame({ undoable: "load" }));
  assert.equal(label(), restart);
  page.connection.emit("frame", frame({ undoable: "undo" }));
  assert.notEqual(label(), restart);
});

test("a double click sends one request, keeps the focus, and undo can be redone", async (t) => {
  const page = openUndo(t, { undoable: "load" });
  const [button] = page.all("button.undo");
  button?.focus();
  button?.click();
  button?.click();
  assert.deepEqual(page.connection.sent("undo"), [{}]);
  assert.equal(button?.ariaBusy, "true");
  page.connection.emit("state", state({ version: 2, undoable: "undo" }));
  page.connection.answer("undo", { ok: true });
  await page.settle();
  assert.equal(button?.ariaBusy, null);
  assert.equal(document.activeElement, button);
  button?.click();
  assert.equal(page.connection.sent("undo").length, 2);
});

test("a refused undo becomes a notice", async (t) => {
  const page = openUndo(t, { undoable: "load" });
  page.connection.answers("undo", refused("nothing_to_undo"));
  await page.click("button.undo");
  assert.deepEqual(codes(page), ["nothing_to_undo"]);
});

test("a notice offers undo after a restart or a load on this page", async (t) => {
  const page = openUndo(t);
  for (const [index, undoable] of /** @type {const} */ (["restart", "load"]).entries()) {
    page.connection.emit("state", state({ version: 2 + index, undoable }));
    assert.deepEqual(codes(page), ["undo_available"]);
    await page.click(".notice[data-code=undo_available] button.button-link");
    assert.equal(page.connection.sent("undo").length, index + 1);
    assert.deepEqual(codes(page), []);
  }
});

test("there is no notice for a network replaced before the page load", (t) => {
  const page = openUndo(t, { undoable: "restart" });
  assert.deepEqual(buttons(page), Array(3).fill([true, "restart"]));
  assert.deepEqual(codes(page), []);
  page.connection.lose();
  page.connection.open();
  page.connection.emit("state", state({ undoable: "restart" })); // after a reconnection
  assert.deepEqual(codes(page), []);
  page.connection.emit("state", state({ session: "other", version: 2, undoable: "restart" }));
  assert.deepEqual(codes(page), ["session_lost"]);
});

test("the notice disappears when undo is no longer available, or done in another tab", (t) => {
  const page = openUndo(t);
  page.connection.emit("state", RESTARTED);
  page.connection.emit("state", state({ version: 3, undoable: "undo" }));
  assert.deepEqual(codes(page), []);
  page.connection.emit("state", state({ version: 4, undoable: "load" }));
  assert.deepEqual(codes(page), ["undo_available"]);
  page.connection.emit("frame", frame({ undoable: null }));
  assert.deepEqual(codes(page), []);
});
