import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, OPTIONS, refused, state } from "./support/state.js";
import * as running from "../../static/js/panels/running_sample.js";
import { isCode } from "../../static/js/panels/running_sample.js";

const OF_TEXT = { ...OPTIONS, mode: /** @type {const} */ ("text") };
const ROOT = "#running_sample";

/** @param {string} text */
function completion(text) {
  return {
    ok: /** @type {const} */ (true),
    completions: [{ text, log_probability: null, cut: true }],
  };
}

/**
 * @param {import("node:test").TestContext} t
 * @param {import("../../static/js/protocol").Hyperparameters} options
 */
async function openRunning(t, options = OF_TEXT) {
  const page = openPage(t, { only: "#panel_samples" });
  page.mount("#panel_samples", running);
  page.connection.begin({ options, samples: ["It was"] });
  await page.scrollTo(ROOT);
  return page;
}

/** @param {Awaited<ReturnType<typeof openRunning>>} page */
function written(page) {
  return page.get("#running_text").textContent ?? "";
}

test("the five samples are shown in the mode lines, one long one in the mode text", async (t) => {
  const page = await openRunning(t, OPTIONS);
  assert.deepEqual([page.get(ROOT).hidden, page.get("#samples").hidden], [true, false]);
  page.connection.emit("state", state({ version: 2, options: OF_TEXT }));
  assert.deepEqual([page.get(ROOT).hidden, page.get("#samples").hidden], [false, true]);
});

test("the sample is continued from its end, with its line breaks", async (t) => {
  const page = await openRunning(t);
  page.connection.answers("complete", completion("\n  the <b>best"), completion(" of times"));
  await page.tick(4_000);
  assert.ok(written(page).startsWith("It was\n  the <b>best of times"));
  assert.equal(page.get("#running_text").querySelector("b"), null);
  const [first, second] = page.connection.sent("complete");
  assert.deepEqual([first.prime, first.count, first.method], ["It was", 1, "sample"]);
  assert.equal(second.prime, "It was\n  the <b>best");
});

test("it stops at once, is written on to 5,000 characters, and begins anew", async (t) => {
  const page = await openRunning(t);
  page.connection.answers("complete", ({ length }) => completion("x".repeat(length)));
  await page.tick(20_000);
  assert.equal(page.state(ROOT), "resting");
  assert.equal(written(page).length, 1_000);
  await page.click("#write_on");
  await page.tick(2_000);
  assert.equal(page.state(ROOT), "writing");
  await page.click("#write_stop");
  await page.tick(2_000);
  const stopped = page.connection.sent("complete").length;
  await page.tick(2_000);
  assert.equal(page.state(ROOT), "stopped");
  assert.equal(page.connection.sent("complete").length, stopped);
  await page.click("#write_on");
  await page.tick(60_000);
  assert.equal(page.state(ROOT), "stopped");
  assert.equal(written(page).length, 5_000);
  await page.click("#write_anew");
  await page.tick(1_000);
  assert.ok(written(page).length < 1_000);
});

test("a sample rests, and begins anew once the network has learned more", async (t) => {
  const page = await openRunning(t);
  page.connection.answers("complete", ({ length }) => completion("x".repeat(length)));
  await page.tick(30_000);
  assert.equal(page.state(ROOT), "resting");
  page.connection.emit("frame", frame({ steps: 900, samples: ["New"] }));
  await page.tick(1_000);
  assert.equal(page.state(ROOT), "writing");
  assert.ok(written(page).startsWith("New"));
});

test("nothing is asked for while the panel cannot be seen", async (t) => {
  const page = await openRunning(t);
  page.connection.answers("complete", completion("x"));
  page.scrollAwayFrom(ROOT);
  await page.tick(100);
  const before = page.connection.sent("complete").length;
  await page.tick(5_000);
  assert.equal(page.connection.sent("complete").length, before);
});

test("a large network gets a shorter context, and other errors are shown", async (t) => {
  const page = await openRunning(t);
  page.connection.answers(
    "complete",
    completion("y".repeat(100)),
    refused("prime_too_long_for_network", "prime"),
    refused("unknown_characters", "prime"),
  );
  await page.tick(6_000);
  const [, long, short] = page.connection.sent("complete");
  assert.ok(short.prime.length < long.prime.length || long.prime.length <= 100);
  assert.equal(page.errorCode("#running_error"), "unknown_characters");
  assert.equal(page.state(ROOT), "refused");
});

test("source code is shown in a typeface of its own", () => {
  assert.ok(isCode("def f(x):\n    return x\n\nf(1)\n"));
  assert.ok(!isCode("It was the best of times,\nit was the worst of times.\n"));
});
