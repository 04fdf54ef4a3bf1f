import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, state } from "./support/state.js";
import * as epoch from "../../static/js/panels/epoch.js";

/** @typedef {ReturnType<typeof openPage>} Page */

/** @param {import("node:test").TestContext} t */
function openEpoch(t) {
  const page = openPage(t, { only: "#panel_stats" });
  page.mount("#panel_stats", epoch);
  return page;
}

/**
 * @param {Page} page
 * @param {number[]} epochs one per second
 */
async function pass(page, ...epochs) {
  for (const epoch of epochs) {
    page.connection.emit("frame", frame({ epoch }));
    await page.tick(1_000);
  }
}

/** @param {Page} page */
function bar(page) {
  return page.get("#epoch_progress");
}

/** @param {Page} page */
function speed(page) {
  return page.get("#epoch_speed").textContent;
}

test("a slow epoch has a progress bar, updated by every frame", async (t) => {
  const page = openEpoch(t);
  page.connection.begin({ epoch: 2 });
  await pass(page, 2.1, 2.25);
  assert.equal(bar(page).hidden, false);
  assert.equal(bar(page).ariaValueNow, "25");
  assert.equal(speed(page), "");
  page.connection.emit("frame", frame({ epoch: 2.5 }));
  assert.equal(bar(page).style.getPropertyValue("--share"), "0.5");
});

test("fast epochs show their speed instead of the bar", async (t) => {
  const page = openEpoch(t);
  page.connection.begin({ epoch: 0 });
  await pass(page, 2.5);
  assert.deepEqual([bar(page).hidden, speed(page)], [true, "2.5/s"]);
  await pass(page, 1_237.5);
  assert.equal(speed(page), "1,235/s");
  await pass(page, 1_237.5); // paused
  assert.deepEqual([bar(page).hidden, speed(page)], [false, ""]);
});

test("epochs before the page load, or of another network, do not count as speed", async (t) => {
  const page = openEpoch(t);
  await page.tick(1_000);
  page.connection.begin({ epoch: 400 });
  await page.tick(1_000);
  assert.deepEqual([bar(page).hidden, speed(page)], [false, ""]);
  page.connection.emit("state", state({ version: 2, epoch: 900 }));
  await page.tick(1_000);
  assert.deepEqual([bar(page).hidden, speed(page)], [false, ""]);
  page.connection.emit("state", state({ version: 3, epoch: 0 }));
  await page.tick(1_000);
  assert.deepEqual([bar(page).hidden, speed(page)], [false, ""]);
});
