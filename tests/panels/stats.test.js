import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, state } from "./support/state.js";
import * as figures from "../../static/js/panels/stats.js";

/** @typedef {ReturnType<typeof openPage>} Page */

const DASH = "–";

/** @param {import("node:test").TestContext} t */
function openStats(t) {
  const page = openPage(t, { only: "#panel_stats" });
  page.mount("#panel_stats", figures);
  return page;
}

/**
 * @param {Page} page
 * @param {string} id
 */
function figure(page, id) {
  return page.get(`#${id} .figure-value`).textContent;
}

test("every statistic is a dash until the first state", (t) => {
  const page = openStats(t);
  for (const id of ["ppl", "heldout", "epoch", "steps", "speed", "ticktime"]) {
    assert.equal(figure(page, id), DASH);
  }
  assert.equal(page.get("#heldout").hidden, false); // most texts have some, so this avoids a layout shift
});

test("the statistics are those of the latest state or frame, in readable digits", (t) => {
  const page = openStats(t);
  page.connection.begin({
    perplexity: 12.345,
    held_out_perplexity: 15,
    held_out_sentences: 5,
    epoch: 1234.9,
    steps: 1_234_567,
    characters_per_second: 45_678,
    ms_per_example: 2.54,
  });
  const shown = () =>
    ["ppl", "heldout", "epoch", "steps", "speed", "ticktime"].map((id) => figure(page, id));
  const expected = ["12.35", "15.00", "1,234", "1,234,567", "46,000", "2.5ms"];
  assert.deepEqual(shown(), expected);
  page.connection.emit("frame", frame({ steps: 1_234_999, perplexity: 11, epoch: 1235 }));
  assert.equal(figure(page, "steps"), "1,234,999");
  assert.equal(figure(page, "ppl"), "11.00");
  assert.equal(figure(page, "epoch"), "1,235");
});

test("very large, very small and missing values fit the layout", (t) => {
  const page = openStats(t);
  page.connection.begin();
  for (const [perplexity, expected] of /** @type {const} */ ([
    [999.99, "999.99"],
    [12_345.6, "12,345"],
    [123_456, "1.2e+5"],
    [null, DASH],
  ])) {
    page.connection.emit("frame", frame({ perplexity }));
    assert.equal(figure(page, "ppl"), expected);
  }
  const few = frame({ characters_per_second: 321.4, ms_per_example: 0.123 });
  page.connection.emit("frame", few);
  assert.deepEqual([figure(page, "speed"), figure(page, "ticktime")], ["321", "0.12ms"]);
  const none = frame({ characters_per_second: null, ms_per_example: null });
  page.connection.emit("frame", none);
  assert.deepEqual([figure(page, "speed"), figure(page, "ticktime")], [DASH, DASH]);
});

test("the validation perplexity is hidden without validation sentences", (t) => {
  const page = openStats(t);
  page.connection.begin({ held_out_sentences: 0 });
  assert.equal(page.get("#heldout").hidden, true);
  page.connection.emit("state", state({ version: 2, held_out_sentences: 6 }));
  assert.equal(page.get("#heldout").hidden, false);
});

test("overfitting is reported with its step, once, and not of a new network", (t) => {
  const page = openStats(t);
  page.connection.begin();
  const verdict = page.get("#overfitting");
  assert.equal(verdict.getAttribute("role"), "status");
  assert.equal(page.state("#overfitting"), "empty");
  page.connection.emit("frame", frame({ overfitting_since: 1_200 }));
  assert.equal(page.state("#overfitting"), "shown");
  assert.match(verdict.textContent ?? "", /\b1,200\b/);
  const textNode = verdict.firstChild;
  page.connection.emit("frame", frame({ overfitting_since: 1_200, steps: 2_000 }));
  assert.equal(verdict.firstChild, textNode); // otherwise it is announced again
  page.connection.emit("state", state({ version: 2 }));
  assert.equal(page.state("#overfitting"), "empty");
  assert.equal(verdict.textContent, "");
});
