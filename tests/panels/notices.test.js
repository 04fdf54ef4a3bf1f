import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import * as notices from "../../static/js/ui/notices.js";

/** @param {import("node:test").TestContext} t */
function openNotices(t) {
  const page = openPage(t);
  page.mount("#notices", notices);
  page.connection.begin();
  return page;
}

/** @param {ReturnType<typeof openPage>} page */
function shown(page) {
  return page.all(".notice").map(({ dataset }) => [dataset.level, dataset.code]);
}

test("a notice is a card with its level, code and message", (t) => {
  const page = openNotices(t);
  page.connection.emit("notice", { level: "warning", code: "full", message: "<b>It</b> is full." });
  assert.deepEqual(shown(page), [["warning", "full"]]);
  assert.equal(page.get(".notice p").textContent, "<b>It</b> is full.");
});

test("the panel's state tells whether a notice is shown", (t) => {
  const page = openNotices(t);
  assert.equal(page.state("#notices"), "empty");
  page.connection.emit("notice", { level: "info", code: "a", message: "" });
  assert.equal(page.state("#notices"), "shown");
  page.store.removeNotice("a");
  assert.equal(page.state("#notices"), "empty");
});

test("an info notice disappears after ten seconds, warnings and errors stay", async (t) => {
  const page = openNotices(t);
  for (const level of /** @type {const} */ (["info", "warning", "error"])) {
    page.connection.emit("notice", { level, code: level, message: "" });
  }
  await page.tick(9_900);
  assert.equal(shown(page).length, 3);
  await page.tick(200);
  assert.deepEqual(shown(page), [
    ["warning", "warning"],
    ["error", "error"],
  ]);
});

test("a notice can be dismissed, and the other cards are reused", async (t) => {
  const page = openNotices(t);
  page.connection.emit("notice", { level: "error", code: "a", message: "" });
  page.connection.emit("notice", { level: "error", code: "b", message: "" });
  const [, other] = page.all(".notice");
  await page.click("#notices .notice-dismiss");
  assert.deepEqual(shown(page), [["error", "b"]]);
  assert.equal(page.get(".notice"), other);
});

test("a removed notice disappears", (t) => {
  const page = openNotices(t);
  page.connection.emit("notice", { level: "error", code: "a", message: "" });
  page.store.removeNotice("a");
  assert.deepEqual(shown(page), []);
});

test("the action of a notice runs once and dismisses the notice", async (t) => {
  const page = openNotices(t);
  const run = t.mock.fn();
  const action = { label: "undo it", run };
  page.store.notify({ level: "info", code: "undoable", message: "Replaced.", action });
  await page.click(".notice button.button-link");
  assert.equal(run.mock.callCount(), 1);
  assert.deepEqual(shown(page), []);
});
