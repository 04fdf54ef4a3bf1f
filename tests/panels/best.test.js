import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, refused } from "./support/state.js";
import * as best from "../../static/js/panels/best.js";
import { bestOf } from "../../static/js/curve/best.js";

const BEST = { loss: Math.log(8), step: 1_200 };

/** @param {import("node:test").TestContext} t */
function openBest(t) {
  const page = openPage(t, { only: "#panel_stats" });
  page.mount("#panel_stats", best);
  page.connection.begin({ best: BEST });
  return page;
}

test("the best weights so far are named, once there are some", (t) => {
  const page = openBest(t);
  assert.match(page.get("#best_loss").textContent ?? "", /2\.08 nats.*1,200/);
  assert.equal(page.get("#best").hidden, false);
  page.store.setLossUnit("bits");
  assert.match(page.get("#best_loss").textContent ?? "", /3\.00 bits/);
  page.connection.emit("frame", frame({ best: null }));
  assert.equal(page.get("#best").hidden, true);
});

test("they can be loaded, saved and sampled from", async (t) => {
  const page = openBest(t);
  page.connection.answers("load_best", { ok: true });
  page.connection.answers("complete", refused("no_best_weights", "weights"), {
    ok: true,
    completions: [{ text: " <b>", log_probability: null, cut: true }],
  });
  await page.click("#best_load");
  assert.deepEqual(page.connection.sent("load_best"), [{}]);
  assert.match(page.get("#best_save").getAttribute("href") ?? "", /weights=best/);
  await page.click("#best_sample");
  await page.settle();
  assert.equal(page.errorCode("#best_error"), "no_best_weights");
  await page.click("#best_sample");
  await page.settle();
  assert.equal(page.get("#best_text").textContent, "a <b>");
  assert.equal(page.errorCode("#best_error"), null);
  assert.equal(page.connection.sent("complete")[1].weights, "best");
});

test("the curve marks the best loss in its unit", (t) => {
  const { store } = openBest(t);
  assert.deepEqual(bestOf(store.page), { step: 1_200, value: Math.exp(BEST.loss) });
  store.setLossUnit("nats");
  assert.equal(bestOf(store.page)?.value.toFixed(4), BEST.loss.toFixed(4));
});
