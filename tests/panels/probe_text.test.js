import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused, state } from "./support/state.js";
import { MAX_CHARACTERS } from "../../static/js/state/probe_text.js";
import * as reading from "../../static/js/inspect/probe_text.js";

/** Longer than the pause after which typing is sent. */
const PAUSE_MS = 160;

/**
 * @param {import("node:test").TestContext} t
 * @param {import("./support/state.js").StateChanges} [changes]
 */
function openProbeText(t, changes) {
  const page = openPage(t, { only: "#panel_reading" });
  page.mount("#panel_reading", reading);
  assert.equal(page.state("#panel_reading"), "loading");
  page.connection.begin(changes);
  return page;
}

const SURPRISAL = {
  ok: /** @type {const} */ (true),
  steps: 1,
  took: 0,
  characters: [],
  probabilities: [],
  likeliest: [],
  perplexity: null,
};

test("the text starts as the first line, and the button takes the next one", async (t) => {
  const page = openProbeText(t, { text: "\n  one \n\ntwo\nthree" });
  assert.equal(page.state("#panel_reading"), "ready");
  /** @type {string[]} */
  const read = [];
  page.store.watch(
    (each) => each.probeText,
    (text) => read.push(text),
  );
  for (let press = 0; press < 3; press++) await page.click("#look_line");
  assert.deepEqual(read, ["one", "two", "three", "one"]);
  assert.equal(page.value("#look_text"), "one");
});

test("a sample can be used, and an empty or missing one changes nothing", async (t) => {
  const page = openProbeText(t, { text: "one", samples: ["", " a cat ", "  "] });
  await page.click("#look_sample");
  assert.equal(page.value("#look_text"), "a cat");
  assert.equal(page.store.page.probeText, "a cat");
  page.connection.emit("state", state({ samples: [] }));
  await page.click("#look_sample");
  assert.equal(page.store.page.probeText, "a cat");
});

test("a line is truncated to the server's limit, between characters", (t) => {
  const page = openProbeText(t, { text: "\u{1f642}".repeat(111) });
  assert.equal(page.value("#look_text"), "\u{1f642}".repeat(MAX_CHARACTERS));
});

test("typing sends the latest text after a pause", async (t) => {
  const page = openProbeText(t, { text: "one" });
  page.connection.answers("surprise", SURPRISAL);
  for (const typed of ["t", "th", "the"]) {
    page.type("#look_text", typed);
    await page.tick(100);
  }
  assert.deepEqual(page.connection.sent("surprise"), []);
  assert.equal(page.store.page.probeText, "one");
  await page.tick(PAUSE_MS - 100);
  assert.deepEqual(page.connection.sent("surprise"), [{ text: "the" }]);
  assert.equal(page.store.page.probeText, "the");
  await page.tick(5_000);
  assert.equal(page.connection.sent("surprise").length, 1);
});

test("using a line at once discards the pending text", async (t) => {
  const page = openProbeText(t, { text: "one\ntwo" });
  page.type("#look_text", "half a th");
  await page.click("#look_line");
  await page.tick(PAUSE_MS);
  assert.equal(page.store.page.probeText, "two");
  assert.deepEqual(page.connection.sent("surprise"), []);
});

test("an error is shown at the box until a text can be read", async (t) => {
  const page = openProbeText(t);
  page.connection.answers("surprise", refused("unknown_characters", "text"), SURPRISAL);
  page.type("#look_text", "naïve");
  await page.tick(PAUSE_MS);
  assert.equal(page.state("#panel_reading"), "refused");
  assert.equal(page.errorCode("#look_text_error"), "unknown_characters");
  assert.equal(page.get("#look_text_error").role, "alert");
  assert.equal(page.get("#look_text").ariaInvalid, "true");
  assert.equal(page.value("#look_text"), "naïve");
  page.type("#look_text", "cat");
  await page.tick(PAUSE_MS);
  assert.equal(page.state("#panel_reading"), "ready");
  assert.equal(page.errorCode("#look_text_error"), null);
  assert.equal(page.get("#look_text").ariaInvalid, null);
  assert.deepEqual(page.store.page.notices, []);
});

test("an empty text is refused by the page and never sent", async (t) => {
  const page = openProbeText(t);
  page.type("#look_text", "");
  await page.tick(PAUSE_MS);
  assert.equal(page.errorCode("#look_text_error"), "reading_empty");
  assert.deepEqual(page.connection.sent("surprise"), []);
  await page.click("#look_line");
  assert.equal(page.errorCode("#look_text_error"), null);
});

test("an error of an earlier text is not shown", async (t) => {
  const page = openProbeText(t);
  page.type("#look_text", "naïve");
  await page.tick(PAUSE_MS);
  page.type("#look_text", "cat");
  page.connection.answer("surprise", refused("unknown_characters", "text"));
  await page.tick(100);
  assert.equal(page.errorCode("#look_text_error"), null);
});

test("an error unrelated to the text is not shown at the box", async (t) => {
  const page = openProbeText(t);
  page.connection.answers("surprise", refused("busy"));
  page.type("#look_text", "cat");
  await page.tick(PAUSE_MS);
  assert.equal(page.state("#panel_reading"), "ready");
  assert.deepEqual(page.store.page.notices, []);
});

test("a line is replaced with its network, and a typed text stays", async (t) => {
  const page = openProbeText(t, { text: "one\ntwo" });
  page.connection.answers("surprise", SURPRISAL);
  await page.click("#look_line");
  page.connection.lose();
  page.connection.open();
  page.connection.emit("state", state({ text: "one\ntwo" })); // after a reconnection
  assert.equal(page.value("#look_text"), "two");
  page.connection.emit("state", state({ text: "other", version: 2 }));
  assert.equal(page.value("#look_text"), "other");
  page.type("#look_text", "typed");
  page.connection.emit("state", state({ text: "a third", version: 3 }));
  await page.tick(PAUSE_MS);
  assert.equal(page.value("#look_text"), "typed");
  assert.equal(page.store.page.probeText, "typed");
});
