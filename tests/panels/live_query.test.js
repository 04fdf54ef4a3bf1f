import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { surprised } from "./support/looks.js";
import { frame, refused, state } from "./support/state.js";
import { errorOf } from "../../static/js/messages.js";
import { LiveQuery } from "../../static/js/net/live_query.js";

/** @import { QueryOptions } from "../../static/js/net/live_query.js" */
/** @import { SurprisalResult } from "../../static/js/protocol" */

/**
 * A panel of this test's own that asks about a text.
 *
 * @param {import("node:test").TestContext} t
 * @param {Partial<QueryOptions<"surprise">>} [changes]
 */
function openQuery(t, changes = {}) {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = '<details><summary></summary><div id="seen"></div></details>';
  const look = {
    text: /** @type {string | null} */ ("a"),
    /** @type {string[]} */
    shown: [],
    /** @type {(string | null)[]} */
    waits: [],
    refresh: () => watching.refresh(),
    reset: () => watching.reset(),
  };
  const watching = new LiveQuery(page.get("#seen"), page.connection, {
    event: "surprise",
    panel: page.get("details"),
    params: () => (look.text === null ? null : { text: look.text }),
    show: (/** @type {SurprisalResult} */ { characters }) => look.shown.push(characters.join("")),
    showError: (fault) => look.waits.push(fault?.code ?? null),
    errorFields: { text: "look_text" },
    ...changes,
  });
  const asked = () => page.connection.sent("surprise").map(({ text }) => text);
  const answer = async (/** @type {any} */ answer) => {
    page.connection.answer("surprise", answer);
    await page.settle();
  };
  return { page, look, asked, answer };
}

test("nothing is requested before the panel is visible and has a network", async (t) => {
  const { page, asked } = openQuery(t);
  page.connection.begin();
  await page.tick(2_000);
  await page.see("summary");
  assert.deepEqual(asked(), []);
  await page.see("#seen");
  assert.deepEqual(asked(), ["a"]);
});

test("nothing is requested before the first state, or without a query", async (t) => {
  const { page, look, asked } = openQuery(t);
  look.text = null;
  await page.see("#seen");
  page.connection.open();
  page.connection.tell("state", state());
  assert.deepEqual(asked(), []);
  look.text = "a";
  look.refresh();
  assert.deepEqual(asked(), ["a"]);
});

test("a training network is queried at intervals, a paused one is not", async (t) => {
  const { page, look, asked } = openQuery(t);
  page.connection.answers("surprise", surprised("a"));
  page.connection.begin();
  await page.see("#seen");
  await page.tick(1_000);
  assert.equal(asked().length, 1);
  page.connection.tell("frame", frame({ steps: 300 }));
  await page.settle();
  page.connection.tell("frame", frame({ steps: 400 }));
  await page.tick(490);
  assert.equal(asked().length, 2);
  await page.tick(20);
  assert.equal(asked().length, 3);
  assert.deepEqual(look.shown, ["a", "a", "a"]);
});

test("after a slow answer the query pauses for a hundred times its duration", async (t) => {
  const { page, asked } = openQuery(t);
  page.connection.answers("surprise", surprised("a", [], { took: 20 }));
  page.connection.begin();
  await page.see("#seen");
  page.connection.tell("frame", frame({ steps: 300 }));
  await page.tick(1_980);
  assert.equal(asked().length, 1);
  await page.tick(30);
  assert.equal(asked().length, 2);
});

test("out of view, in a hidden tab and without a connection nothing is requested", async (t) => {
  const { page, asked } = openQuery(t);
  page.connection.answers("surprise", surprised("a"));
  page.connection.begin();
  await page.see("#seen");
  let steps = 300;
  const goOn = async () => {
    page.connection.tell("frame", frame({ steps: steps++ }));
    await page.tick(1_000);
  };
  await page.leave("#seen");
  await goOn();
  assert.equal(asked().length, 1);
  await page.see("#seen");
  assert.equal(asked().length, 2);
  await page.hide(true);
  await goOn();
  assert.equal(asked().length, 2);
  await page.hide(false);
  assert.equal(asked().length, 3);
  page.connection.lose();
  await goOn();
  assert.equal(asked().length, 3);
  page.connection.open();
  assert.equal(asked().length, 4);
});

test("one query is in flight at a time, and only the latest is answered", async (t) => {
  const { page, look, asked, answer } = openQuery(t);
  page.connection.begin();
  await page.see("#seen");
  for (const text of ["b", "c"]) {
    look.text = text;
    look.refresh();
  }
  assert.deepEqual(asked(), ["a"]);
  await answer(surprised("a"));
  assert.deepEqual(look.shown, []);
  await page.tick(10);
  assert.deepEqual(asked(), ["a", "c"]);
  await answer(surprised("c"));
  assert.deepEqual(look.shown, ["c"]);
});

test("an error of an earlier query is not shown", async (t) => {
  const { page, look, answer } = openQuery(t);
  page.connection.begin();
  await page.see("#seen");
  look.text = "b";
  look.refresh();
  await answer(refused("characters_unknown", "text"));
  assert.deepEqual([page.store.page.fieldErrors, look.waits], [{}, []]);
});

test("an answer of the previous network is not shown for the current one", async (t) => {
  const { page, look, asked, answer } = openQuery(t);
  page.connection.begin();
  await page.see("#seen");
  page.connection.tell("state", state({ version: 2 }));
  await answer(surprised("a"));
  assert.deepEqual(look.shown, []);
  await page.tick(10);
  assert.equal(asked().length, 2);
});

test("an error with a field is shown there, and not retried before the network changes", async (t) => {
  const { page, look, asked } = openQuery(t);
  page.connection.answers("surprise", refused("characters_unknown", "text"), surprised("a"));
  page.connection.begin();
  await page.see("#seen");
  await page.tick(2_000);
  assert.equal(asked().length, 1);
  assert.equal(page.store.page.fieldErrors.look_text?.code, "characters_unknown");
  page.connection.tell("frame", frame({ steps: 300 }));
  await page.settle();
  assert.deepEqual([page.store.page.fieldErrors, look.shown], [{}, ["a"]]);
});

test("an error without a field is shown in the panel, and retried after a second", async (t) => {
  const { page, look, asked } = openQuery(t);
  page.connection.answers("surprise", refused("busy"), surprised("a"));
  page.connection.begin();
  await page.see("#seen");
  assert.deepEqual(look.waits, ["busy"]);
  await page.tick(1_010);
  assert.equal(asked().length, 2);
  assert.deepEqual([look.waits.at(-1), look.shown], [null, ["a"]]);
  assert.deepEqual(page.store.page.notices, []);
});

test("the state tells whether the answer shown belongs to the current query", async (t) => {
  const { page, look, answer } = openQuery(t);
  const at = () => page.state("details");
  assert.equal(at(), "loading");
  page.connection.begin();
  await page.see("#seen");
  assert.equal(at(), "loading");
  await answer(surprised("a"));
  assert.equal(at(), "shown");
  look.text = "b";
  look.refresh();
  assert.equal(at(), "outdated");
  await answer(surprised("b"));
  assert.equal(at(), "shown");
  page.connection.tell("frame", frame({ steps: 300 }));
  assert.equal(at(), "shown");
  page.connection.tell("state", state({ version: 2 }));
  assert.equal(at(), "outdated");
  look.reset();
  assert.equal(at(), "loading");
});

test("the state is refused without an answer, and outdated with an earlier one", async (t) => {
  const { page, look, answer } = openQuery(t);
  const at = () => page.state("details");
  page.connection.begin();
  await page.see("#seen");
  await answer(refused("characters_unknown", "text"));
  assert.equal(at(), "refused");
  look.text = "b";
  look.refresh();
  assert.equal(at(), "loading");
  await answer(surprised("b"));
  page.connection.tell("frame", frame({ steps: 300 }));
  await page.tick(500);
  await answer(refused("busy"));
  assert.equal(at(), "outdated");
});

test("an answer with an error or without content has its own state", async (t) => {
  const { page, look, answer } = openQuery(t, {
    errorOf: ({ perplexity }) => (perplexity === null ? errorOf("network_diverged") : null),
    isEmpty: ({ characters }) => characters.length === 0,
  });
  page.connection.begin();
  await page.see("#seen");
  await answer(surprised("a", [], { perplexity: null }));
  assert.deepEqual([page.state("details"), look.waits], ["refused", ["network_diverged"]]);
  assert.deepEqual(look.shown, []);
  look.text = "b";
  look.refresh();
  await page.tick(500);
  await answer(surprised(""));
  assert.deepEqual([page.state("details"), look.waits.at(-1)], ["empty", null]);
});
