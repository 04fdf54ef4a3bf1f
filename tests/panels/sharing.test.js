import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { NOW, refused } from "./support/state.js";
import * as sharing from "../../static/js/panels/sharing.js";

/** @typedef {ReturnType<typeof openPage>} Page */

/** @param {import("node:test").TestContext} t */
function openSharing(t) {
  const page = openPage(t, { only: "#sharing" });
  page.mount("#sharing", sharing);
  page.connection.begin();
  return page;
}

/**
 * @param {string} id
 * @param {Partial<import("../../static/js/protocol").SharedCopy>} [changes]
 */
function copy(id, changes) {
  const figures = { steps: 1_234, sentences: 2, perplexity: 4.567 };
  return { id, path: `/s/${id}`, created: NOW, ...figures, ...changes };
}

/** @param {string[]} ids */
function copies(...ids) {
  return { ok: /** @type {const} */ (true), copies: ids.map((id) => copy(id)) };
}

/** @param {string} id */
function shared(id) {
  return { ok: /** @type {const} */ (true), id, path: `/s/${id}` };
}

/** @param {Page} page */
function listed(page) {
  return page.all("#copies a").map((link) => /** @type {HTMLAnchorElement} */ (link).pathname);
}

/** A page with one shared copy. */
async function openShared(/** @type {import("node:test").TestContext} */ t) {
  const page = openSharing(t);
  page.connection.answers("share", shared("a"));
  page.connection.answers("shares", copies("a"));
  await page.click("#share");
  return page;
}

test("share shows the link to the copy and lists it with its statistics", async (t) => {
  const page = openSharing(t);
  page.connection.answers("shares", copies("a"));
  assert.equal(page.state("#sharing"), "ready");
  assert.ok(page.get("#share_link").hidden && page.get("#copies").hidden);
  await page.click("#share");
  await page.click("#share"); // a double click
  assert.deepEqual(page.connection.sent("share"), [{}]);
  assert.equal(page.get("#share").ariaBusy, "true");
  assert.equal(page.state("#sharing"), "busy");
  page.connection.answer("share", shared("a"));
  await page.tick(10);
  assert.equal(page.state("#sharing"), "shared");
  assert.equal(page.get("#share").ariaBusy, null);
  assert.equal(page.get("#share_link").hidden, false);
  assert.equal(page.value("#share_address"), "http://localhost/s/a");
  assert.deepEqual(listed(page), ["/s/a"]);
  assert.equal(page.get("#copies").hidden, false);
  const figures = page.get(".copy-figures").textContent ?? "";
  assert.deepEqual(figures.match(/[\d.,]*\d/g), ["1,234", "2", "4.57"]);
});

test("a copy without a perplexity is listed without it", async (t) => {
  const page = openSharing(t);
  const answer = { ok: /** @type {const} */ (true), copies: [copy("a", { perplexity: null })] };
  page.connection.answers("shares", answer);
  await page.scrollTo("#sharing");
  assert.deepEqual(page.get(".copy-figures").textContent?.match(/[\d.,]*\d/g), ["1,234", "2"]);
});

test("the copies are requested when the section is first in view, and after each connection", async (t) => {
  const page = openSharing(t);
  page.connection.answers("shares", copies("b", "a"));
  await page.tick(1_000);
  assert.deepEqual(page.connection.sent("shares"), []);
  await page.scrollTo("#sharing");
  assert.deepEqual(page.connection.sent("shares"), [{}]);
  assert.deepEqual(listed(page), ["/s/b", "/s/a"]);
  assert.equal(page.get("#share_link").hidden, true);
  await page.scrollAwayFrom("#sharing");
  await page.scrollTo("#sharing");
  assert.equal(page.connection.sent("shares").length, 1);
  page.connection.lose();
  page.connection.open();
  await page.settle();
  assert.equal(page.connection.sent("shares").length, 2);
});

test("an error of the list is shown at the button until the list loads", async (t) => {
  const page = openSharing(t);
  page.connection.answers("shares", refused("store_unreachable", "id"), copies("a"));
  await page.scrollTo("#sharing");
  assert.equal(page.errorCode("#share_error"), "store_unreachable");
  page.connection.lose();
  page.connection.open();
  await page.settle();
  assert.equal(page.errorCode("#share_error"), null);
  assert.deepEqual(listed(page), ["/s/a"]);
});

test("of two lists the one requested last is shown", async (t) => {
  const page = openSharing(t);
  await page.scrollTo("#sharing");
  const first = page.connection.requests.at(-1);
  page.connection.lose();
  page.connection.answers("shares", copies("b", "a"));
  page.connection.open();
  await page.settle();
  first?.answer(copies("a"));
  await page.settle();
  assert.deepEqual(listed(page), ["/s/b", "/s/a"]);
});

test("withdrawing a copy removes it and its link, and moves the focus to share", async (t) => {
  const page = await openShared(t);
  page.connection.answers("shares", copies());
  page.get("#copies button").focus();
  await page.click("#copies button");
  await page.click("#copies button"); // a double click
  assert.deepEqual(page.connection.sent("withdraw"), [{ id: "a" }]);
  assert.equal(page.get("#copies button").ariaBusy, "true");
  page.connection.answer("withdraw", { ok: true });
  await page.tick(10);
  assert.equal(page.state("#sharing"), "withdrawn");
  assert.deepEqual(listed(page), []);
  assert.ok(page.get("#share_link").hidden && page.get("#copies").hidden);
  assert.equal(document.activeElement?.id, "share");
});

test("withdrawing another copy keeps the link and the other items", async (t) => {
  const page = await openShared(t);
  page.connection.answers("shares", copies("b", "a"), copies("a"));
  await page.click("#share"); // the network is unchanged: the same link
  const [, unchanged] = page.all("#copies li");
  page.connection.answers("withdraw", { ok: true });
  await page.click("#copies li:first-child button");
  assert.deepEqual(page.connection.sent("withdraw"), [{ id: "b" }]);
  assert.deepEqual(listed(page), ["/s/a"]);
  assert.equal(page.get("#copies li"), unchanged);
  assert.equal(page.get("#share_link").hidden, false);
});

test("each item's button names the copy that it withdraws", async (t) => {
  const page = await openShared(t);
  const date = page.get("#copies a").textContent ?? "";
  assert.match(date, /\d/);
  assert.ok(page.get("#copies button").ariaLabel?.endsWith(date));
});

test("an error of share is shown at the button until sharing succeeds", async (t) => {
  const page = await openShared(t);
  page.connection.answers("share", refused("too_many_copies", "id"), shared("b"));
  await page.click("#share");
  assert.equal(page.state("#sharing"), "refused");
  assert.equal(page.errorCode("#share_error"), "too_many_copies");
  assert.equal(page.get("#share_error").role, "alert");
  assert.equal(page.get("#share").ariaInvalid, "true");
  assert.equal(page.get("#share_outcome").textContent, "");
  assert.deepEqual(listed(page), ["/s/a"]);
  await page.click("#share");
  assert.equal(page.errorCode("#share_error"), null);
  assert.equal(page.value("#share_address"), "http://localhost/s/b");
});

test("a copy that cannot be withdrawn stays listed, and the list does not hide the error", async (t) => {
  const page = await openShared(t);
  page.connection.answers("withdraw", refused("store_unreachable", "id"));
  await page.click("#copies button");
  assert.equal(page.state("#sharing"), "refused");
  assert.equal(page.errorCode("#share_error"), "store_unreachable");
  assert.deepEqual(listed(page), ["/s/a"]);
  assert.equal(page.get("#share_link").hidden, false);
});

test("the link is copied if the browser allows it, otherwise selected", async (t) => {
  const page = await openShared(t);
  const writeText = t.mock.fn(async () => {});
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  await page.click("#copy_link");
  assert.deepEqual(writeText.mock.calls[0]?.arguments, ["http://localhost/s/a"]);
  assert.equal(page.state("#sharing"), "copied");
  Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
  await page.click("#copy_link");
  assert.equal(page.state("#sharing"), "selected");
  assert.equal(page.get("#share_outcome").role, "status");
  const address = /** @type {HTMLInputElement} */ (page.get("#share_address"));
  assert.equal(document.activeElement, address);
  const isSelected = () => address.selectionEnd === address.value.length;
  assert.ok(address.selectionStart === 0 && isSelected());
  address.setSelectionRange(0, 0); // it keeps the focus
  await page.click("#copy_link");
  assert.ok(isSelected());
});
