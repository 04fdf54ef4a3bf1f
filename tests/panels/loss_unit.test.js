import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import * as stats from "../../static/js/panels/stats.js";
import { lossIn, lossText } from "../../static/js/loss.js";
import { inLossUnit } from "../../static/js/curve/loss_unit.js";

/** @param {import("node:test").TestContext} t */
function openStats(t, remembered = {}) {
  const page = openPage(t, { only: "#panel_stats", remembered });
  page.mount("#panel_stats", stats);
  page.connection.begin({ perplexity: 4, held_out_perplexity: 8, held_out_sentences: 3 });
  return page;
}

/** @param {ReturnType<typeof openStats>} page */
function figures(page) {
  return ["#ppl", "#heldout"].map((id) => page.get(`${id} .figure-value`).textContent);
}

test("losses are perplexities, and on request nats and bits", async (t) => {
  const page = openStats(t);
  assert.deepEqual(figures(page), ["4.00", "8.00"]);
  await page.choose("#loss_unit", "bits");
  assert.deepEqual(figures(page), ["2.00", "3.00"]);
  await page.choose("#loss_unit", "nats");
  assert.deepEqual(figures(page), ["1.39", "2.08"]);
  assert.match(page.get("#ppl .figure-name").textContent ?? "", /nats/);
});

test("the unit is remembered", (t) => {
  const page = openStats(t, { "charnn.preferences": '{"loss_unit": "bits"}' });
  assert.deepEqual(figures(page), ["2.00", "3.00"]);
});

test("the curve and the previous runs are converted, and the runs stay the same object", (t) => {
  const { store } = openStats(t);
  store.setLossUnit("bits");
  const { page } = store;
  const shown = inLossUnit(page);
  assert.deepEqual(shown.points.perplexities, [3, 2]);
  assert.deepEqual(shown.points.validation, [null, null]);
  assert.equal(inLossUnit({ ...page, points: page.points }).runs, shown.runs);
});

test("a loss is named with its unit", () => {
  assert.equal(lossText(lossIn(4, "bits"), "bits"), "2.00 bits");
  assert.equal(lossText(4, "perplexity"), "perplexity 4.00");
});
