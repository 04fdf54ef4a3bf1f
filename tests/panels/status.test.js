import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, state } from "./support/state.js";
import * as status from "../../static/js/header/status.js";

/** @param {import("node:test").TestContext} t */
function openStatus(t) {
  const page = openPage(t);
  page.mount(".site-header", status);
  return page;
}

test("the status is connecting until the first state", (t) => {
  const page = openStatus(t);
  assert.equal(page.state(".status"), "connecting");
  page.connection.open();
  assert.equal(page.state(".status"), "connecting");
  page.connection.emit("state", state());
  assert.equal(page.state(".status"), "learning");
});

test("the status is that of the network", (t) => {
  const page = openStatus(t);
  page.connection.begin({ status: "compiling" });
  assert.equal(page.state(".status"), "compiling");
  for (const each of /** @type {const} */ (["learning", "paused"])) {
    page.connection.emit("frame", frame({ status: each }));
    assert.equal(page.state(".status"), each);
  }
});

test("the status is lost while the server is unreachable, whatever the network's", (t) => {
  const page = openStatus(t);
  page.connection.begin({ status: "paused" });
  page.connection.lose();
  assert.equal(page.state(".status"), "lost");
  page.connection.open();
  assert.equal(page.state(".status"), "paused");
});

test("a network that the server paused shows why", (t) => {
  const page = openStatus(t);
  page.connection.begin();
  for (const reason of /** @type {const} */ (["diverged", "over_limit", "failed"])) {
    page.connection.emit("frame", frame({ status: "paused", pause_reason: reason }));
    assert.equal(page.state(".status"), reason);
  }
  page.connection.emit("frame", frame({ status: "learning", pause_reason: null }));
  assert.equal(page.state(".status"), "learning");
});

test("a rollback is shown for eight seconds", async (t) => {
  const page = openStatus(t);
  page.connection.begin({ recoveries: 1 });
  assert.equal(page.state(".status"), "learning");
  page.connection.emit("frame", frame({ recoveries: 2 }));
  assert.equal(page.state(".status"), "recovered");
  await page.tick(7_900);
  assert.equal(page.state(".status"), "recovered");
  await page.tick(200);
  assert.equal(page.state(".status"), "learning");
});

test("replacing the network clears the rollback status", (t) => {
  const page = openStatus(t);
  page.connection.begin();
  page.connection.emit("frame", frame({ recoveries: 1 }));
  page.connection.emit("state", state({ version: 2, recoveries: 0 }));
  assert.equal(page.state(".status"), "learning");
});

test("an unchanged status is not rewritten, so it is not announced again", (t) => {
  const page = openStatus(t);
  page.connection.begin();
  const textNode = page.get("#status").firstChild;
  page.connection.emit("frame", frame({ steps: 300 }));
  page.connection.emit("frame", frame({ steps: 400 }));
  assert.equal(page.get("#status").firstChild, textNode);
});
