import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused, state } from "./support/state.js";
import * as controls from "../../static/js/panels/controls.js";
import * as offer from "../../static/js/header/shared_copy.js";

const ID = "A".repeat(22);

/** @typedef {ReturnType<typeof openPage>} Page */

/**
 * The page after following a link to a copy.
 *
 * @param {import("node:test").TestContext} t
 * @param {"shared" | "shared_first_visit"} variant
 */
function openSharedCopy(t, variant) {
  const page = openPage(t, { variant, only: "#offer, #panel_controls" });
  history.replaceState(null, "", `/s/${ID}`);
  page.mount("#offer", offer);
  page.mount("#panel_controls", controls);
  return page;
}

/** @param {Page} page */
function codes(page) {
  return page.store.page.notices.map(({ code }) => code);
}

/** @param {Page} page */
function isClosed(page) {
  return page.get("#offer").hidden && page.state("#offer") === "closed";
}

test("a visitor with a network is asked before the copy is opened", async (t) => {
  const page = openSharedCopy(t, "shared");
  page.connection.begin();
  await page.tick(1_000);
  assert.equal(page.get("#offer").hidden, false);
  assert.equal(page.state("#offer"), "ready");
  assert.deepEqual(page.connection.sent("open_shared"), []);
  assert.equal(location.pathname, `/s/${ID}`);
  const download = /** @type {HTMLAnchorElement} */ (page.get("#offer a[download]"));
  assert.deepEqual(
    [download.pathname, download.download],
    ["/api/model.json", "charnn-model.json"],
  );
});

test("keeping the own network closes the offer, and a reload does not ask again", async (t) => {
  const page = openSharedCopy(t, "shared");
  page.connection.begin();
  page.get("#keep_own").focus();
  await page.click("#keep_own");
  assert.ok(isClosed(page));
  assert.equal(location.pathname, "/");
  assert.deepEqual(codes(page), ["network_kept"]);
  assert.equal(document.activeElement?.id, "panel_controls");
  assert.deepEqual(page.connection.sent("open_shared"), []);
});

test("opening the copy sends one request and closes the offer after the answer", async (t) => {
  const page = openSharedCopy(t, "shared");
  page.connection.begin();
  page.get("#open_shared").focus();
  await page.click("#open_shared");
  await page.click("#open_shared"); // a double click
  assert.deepEqual(page.connection.sent("open_shared"), [{ id: ID }]);
  assert.equal(page.get("#open_shared").ariaBusy, "true");
  assert.equal(page.state("#offer"), "busy");
  page.connection.answer("open_shared", { ok: true });
  await page.settle();
  assert.ok(isClosed(page));
  assert.equal(page.get("#open_shared").ariaBusy, null);
  assert.equal(location.pathname, "/");
  assert.deepEqual(codes(page), ["copy_opened"]);
  assert.equal(document.activeElement?.id, "panel_controls");
});

test("focus outside the offer is unchanged when it closes", async (t) => {
  const page = openSharedCopy(t, "shared");
  page.connection.begin();
  page.get("#learn").focus();
  await page.click("#keep_own");
  assert.equal(document.activeElement?.id, "learn");
});

test("the error of a withdrawn copy is shown in the offer, which stays open", async (t) => {
  const page = openSharedCopy(t, "shared");
  page.connection.begin();
  page.connection.answers("open_shared", refused("copy_withdrawn", "id"));
  await page.click("#open_shared");
  assert.equal(page.get("#offer").hidden, false);
  assert.equal(page.state("#offer"), "refused");
  assert.equal(page.errorCode("#offer_error"), "copy_withdrawn");
  assert.equal(page.get("#offer_error").role, "alert");
  assert.equal(location.pathname, `/s/${ID}`);
  assert.deepEqual(codes(page), []);
});

test("for a new visitor the copy opens without asking, once connected", async (t) => {
  const page = openSharedCopy(t, "shared_first_visit");
  page.connection.answers("open_shared", { ok: true });
  page.connection.open();
  await page.tick(1_000);
  assert.equal(page.state("#offer"), "loading");
  assert.deepEqual(page.connection.sent("open_shared"), []);
  page.connection.emit("state", state());
  await page.settle();
  assert.deepEqual(page.connection.sent("open_shared"), [{ id: ID }]);
  assert.ok(isClosed(page));
  assert.equal(location.pathname, "/");
  assert.deepEqual(codes(page), ["copy_opened"]);
  page.connection.emit("state", state({ version: 2 }));
  page.connection.lose();
  page.connection.open();
  await page.settle();
  assert.equal(page.connection.sent("open_shared").length, 1);
});

test("a new visitor whose copy is withdrawn sees the error, and can keep the network", async (t) => {
  const page = openSharedCopy(t, "shared_first_visit");
  page.connection.answers("open_shared", refused("copy_withdrawn", "id"));
  page.connection.begin();
  await page.settle();
  assert.equal(page.get("#offer").hidden, false);
  assert.equal(page.errorCode("#offer_error"), "copy_withdrawn");
  assert.equal(page.state("#offer"), "refused");
  await page.click("#keep_own");
  assert.ok(isClosed(page));
  assert.equal(location.pathname, "/");
});
