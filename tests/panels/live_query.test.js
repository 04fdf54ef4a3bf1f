import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { surprisalResult } from "./support/results.js";
import { frame, refused, state } from "./support/state.js";
import { errorOf } from "../../static/js/messages.js";
import { LiveQuery } from "../../static/js/net/live_query.js";

/** @import { QueryOptions } from "../../static/js/net/live_query.js" */
/** @import { SurprisalResult } from "../../static/js/protocol" */

/**
 * A panel of the test with a live query.
 *
 * @param {import("node:test").TestContext} t
 * @param {Partial<QueryOptions<"surprise">>} [changes]
 */
function openQuery(t, changes = {}) {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = '<details><summary></summary><div id="seen"></div></details>';
  const view = {
    text: /** @type {string | null} */ ("a"),
    /** @type {string[]} */
    shown: [],
    /** @type {(string | null)[]} */
    errors: [],
    refresh: () => watching.refresh(),
    reset: () => watching.reset(),
  };
  const watching = new LiveQuery(page.get("#seen"), page.connection, {
    event: "surprise",
    panel: page.get("details"),
    params: () => (view.text === null ? null : { text: view.text }),
    show: (/** @type {SurprisalResult} */ { characters }) => view.shown.push(characters.join("")),
    showError: (errorCode) => view.errors.push(errorCode?.code ?? null),
    errorFields: { text: "look_text" },
    ...changes,
  });
  const requests = () => page.connection.sent("surprise").map(({ text }) => text);
  const answer = async (/** @type {any} */ answer) => {
    page.connection.answer("surprise", answer);
    await page.settle();
  };
  return { page, view, requests, answer };
}

test("nothing is requested before the panel is visible and has a network", async (t) => {
  const { page, requests } = openQuery(t);
  page.connection.begin();
  await page.tick(2_000);
  await page.scrollTo("summary");
  assert.deepEqual(requests(), []);
  await page.scrollTo("#seen");
  assert.deepEqual(requests(), ["a"]);
});

test("nothing is requested before the first state, or without a query", async (t) => {
  const { page, view, requests } = openQuery(t);
  view.text = null;
  await page.scrollTo("#seen");
  page.connection.open();
  page.connection.emit("state", state());
  assert.deepEqual(requests(), []);
  view.text = "a";
  view.refresh();
  assert.deepEqual(requests(), ["a"]);
});

test("a training network is queried at intervals, a paused one is not", async (t) => {
  const { page, view, requests } = openQuery(t);
  page.connection.answers("surprise", surprisalResult("a"));
  page.connection.begin();
  await page.scrollTo("#seen");
  await page.tick(1_000);
  assert.equal(requests().length, 1);
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.settle();
  page.connection.emit("frame", frame({ steps: 400 }));
  await page.tick(490);
  assert.equal(requests().length, 2);
  await page.tick(20);
  assert.equal(requests().length, 3);
  assert.deepEqual(view.shown, ["a", "a", "a"]);
});

test("after a slow answer the query pauses for a hundred times its duration", async (t) => {
  const { page, requests } = openQuery(t);
  page.connection.answers("surprise", surprisalResult("a", [], { took: 20 }));
  page.connection.begin();
  await page.scrollTo("#seen");
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(1_980);
  assert.equal(requests().length, 1);
  await page.tick(30);
  assert.equal(requests().length, 2);
});

test("out of view, in a hidden tab and without a connection nothing is requested", async (t) => {
  const { page, requests } = openQuery(t);
  page.connection.answers("surprise", surprisalResult("a"));
  page.connection.begin();
  await page.scrollTo("#seen");
  let steps = 300;
  const trainOn = async () => {
    page.connection.emit("frame", frame({ steps: steps++ }));
    await page.tick(1_000);
  };
  await page.scrollAwayFrom("#seen");
  await trainOn();
  assert.equal(requests().length, 1);
  await page.scrollTo("#seen");
  assert.equal(requests().length, 2);
  await page.hide(true);
  await trainOn();
  assert.equal(requests().length, 2);
  await page.hide(false);
  assert.equal(requests().length, 3);
  page.connection.lose();
  await trainOn();
  assert.equal(requests().length, 3);
  page.connection.open();
  assert.equal(requests().length, 4);
});

test("one query is in flight at a time, and only the latest is answered", async (t) => {
  const { page, view, requests, answer } = openQuery(t);
  page.connection.begin();
  await page.scrollTo("#seen");
  for (const text of ["b", "c"]) {
    view.text = text;
    view.refresh();
  }
  assert.deepEqual(requests(), ["a"]);
  await answer(surprisalResult("a"));
  assert.deepEqual(view.shown, []);
  await page.tick(10);
  assert.deepEqual(requests(), ["a", "c"]);
  await answer(surprisalResult("c"));
  assert.deepEqual(view.shown, ["c"]);
});

test("an error of an earlier query is not shown", async (t) => {
  const { page, view, answer } = openQuery(t);
  page.connection.begin();
  await page.scrollTo("#seen");
  view.text = "b";
  view.refresh();
  await answer(refused("characters_unknown", "text"));
  assert.deepEqual([page.store.page.fieldErrors, view.errors], [{}, []]);
});

test("an answer of the previous network is not shown for the current one", async (t) => {
  const { page, view, requests, answer } = openQuery(t);
  page.connection.begin();
  await page.scrollTo("#seen");
  page.connection.emit("state", state({ version: 2 }));
  await answer(surprisalResult("a"));
  assert.deepEqual(view.shown, []);
  await page.tick(10);
  assert.equal(requests().length, 2);
});

test("an error with a field is shown there, and not retried before the network changes", async (t) => {
  const { page, view, requests } = openQuery(t);
  page.connection.answers("surprise", refused("characters_unknown", "text"), surprisalResult("a"));
  page.connection.begin();
  await page.scrollTo("#seen");
  await page.tick(2_000);
  assert.equal(requests().length, 1);
  assert.equal(page.store.page.fieldErrors.look_text?.code, "characters_unknown");
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.settle();
  assert.deepEqual([page.store.page.fieldErrors, view.shown], [{}, ["a"]]);
});

test("an error without a field is shown in the panel, and retried after a second", async (t) => {
  const { page, view, requests } = openQuery(t);
  page.connection.answers("surprise", refused("busy"), surprisalResult("a"));
  page.connection.begin();
  await page.scrollTo("#seen");
  assert.deepEqual(view.errors, ["busy"]);
  await page.tick(1_010);
  assert.equal(requests().length, 2);
  assert.deepEqual([view.errors.at(-1), view.shown], [null, ["a"]]);
  assert.deepEqual(page.store.page.notices, []);
});

test("the state tells whether the answer shown belongs to the current query", async (t) => {
  const { page, view, answer } = openQuery(t);
  const at = () => page.state("details");
  assert.equal(at(), "loading");
  page.connection.begin();
  await page.scrollTo("#seen");
  assert.equal(at(), "loading");
  await answer(surprisalResult("a"));
  assert.equal(at(), "shown");
  view.text = "b";
  view.refresh();
  assert.equal(at(), "outdated");
  await answer(surprisalResult("b"));
  assert.equal(at(), "shown");
  page.connection.emit("frame", frame({ steps: 300 }));
  assert.equal(at(), "shown");
  page.connection.emit("state", state({ version: 2 }));
  assert.equal(at(), "outdated");
  view.reset();
  assert.equal(at(), "loading");
});

test("the state is refused without an answer, and outdated with an earlier one", async (t) => {
  const { page, view, answer } = openQuery(t);
  const at = () => page.state("details");
  page.connection.begin();
  await page.scrollTo("#seen");
  await answer(refused("characters_unknown", "text"));
  assert.equal(at(), "refused");
  view.text = "b";
  view.refresh();
  assert.equal(at(), "loading");
  await answer(surprisalResult("b"));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(500);
  await answer(refused("busy"));
  assert.equal(at(), "outdated");
});

test("an answer with an error or without content has its own state", async (t) => {
  const { page, view, answer } = openQuery(t, {
    errorOf: ({ perplexity }) => (perplexity === null ? errorOf("network_diverged") : null),
    isEmpty: ({ characters }) => characters.length === 0,
  });
  page.connection.begin();
  await page.scrollTo("#seen");
  await answer(surprisalResult("a", [], { perplexity: null }));
  assert.deepEqual([page.state("details"), view.errors], ["refused", ["network_diverged"]]);
  assert.deepEqual(view.shown, []);
  view.text = "b";
  view.refresh();
  await page.tick(500);
  await answer(surprisalResult(""));
  assert.deepEqual([page.state("details"), view.errors.at(-1)], ["empty", null]);
});
