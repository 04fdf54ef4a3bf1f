import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, state } from "./support/state.js";
import * as trend from "../../static/js/panels/trend.js";

/** @typedef {ReturnType<typeof openPage>} Page */

/** @param {import("node:test").TestContext} t */
function openTrend(t) {
  const page = openPage(t, { only: "#panel_stats" });
  page.mount("#panel_stats", trend);
  return page;
}

/**
 * @param {Page} page
 * @param {(number | null)[]} perplexities one per second
 */
async function pass(page, ...perplexities) {
  for (const perplexity of perplexities) {
    page.connection.emit("frame", frame({ perplexity }));
    await page.tick(1_000);
  }
}

/** @param {Page} page */
function shown(page) {
  const element = page.get("#ppl_change");
  return [element.dataset.direction, element.textContent?.match(/\d[\d.e+]*/g) ?? []];
}

test("the change of the perplexity is shown with its direction after two seconds", async (t) => {
  const page = openTrend(t);
  page.connection.begin({ perplexity: 20 });
  await page.tick(1_000);
  await pass(page, 19);
  assert.deepEqual(shown(page), ["none", []]);
  await pass(page, 17.5);
  assert.deepEqual(shown(page), ["down", ["2.50", "2"]]);
  await pass(page, 26);
  assert.deepEqual(shown(page), ["up", ["6.00", "3"]]);
  await pass(page, 20.001);
  assert.deepEqual(shown(page), ["level", ["4"]]);
});

test("it is the change of the mean over a second, compared with ten seconds ago", async (t) => {
  const page = openTrend(t);
  page.connection.begin({ perplexity: 100 });
  for (const perplexity of [50, 30]) page.connection.emit("frame", frame({ perplexity }));
  await page.tick(1_000); // 60
  await pass(page, 50, 40);
  assert.deepEqual(shown(page), ["down", ["20.00", "2"]]);
  await pass(page, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29);
  assert.deepEqual(shown(page), ["down", ["10.00", "10"]]);
});

test("large changes are shown with fewer digits", async (t) => {
  const page = openTrend(t);
  page.connection.begin({ perplexity: 5 });
  await page.tick(1_000);
  await pass(page, 5, 1_239.6);
  assert.deepEqual(shown(page), ["up", ["1235", "2"]]);
  await pass(page, 123_405);
  assert.deepEqual(shown(page), ["up", ["1.2e+5", "3"]]);
});

for (const [what, change] of /** @type {const} */ ([
  ["is paused", { status: "paused" }],
  ["is another by its version", { version: 2 }],
  ["is another by its session", { session: "efgh" }],
])) {
  test(`values from before the network ${what} are ignored`, async (t) => {
    const page = openTrend(t);
    page.connection.begin({ perplexity: 20 });
    await pass(page, 20, 19, 18);
    assert.equal(shown(page)[0], "down");
    page.connection.emit("state", state({ perplexity: 5, ...change }));
    await page.tick(1_000);
    assert.deepEqual(shown(page), ["none", []]);
  });
}

test("an unchanged value is not rewritten, and without a perplexity there is no change", async (t) => {
  const page = openTrend(t);
  page.connection.begin({ perplexity: 20 });
  await pass(page, 20, 19, 18);
  const textNode = page.get("#ppl_change").firstChild;
  await pass(page, null, null);
  assert.equal(page.get("#ppl_change").firstChild, textNode);
});
