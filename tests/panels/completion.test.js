import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, refused } from "./support/state.js";
import * as complete from "../../static/js/panels/completion.js";

/** @import { Complete, CompleteResult, Completion } from "../../static/js/protocol" */
/** @typedef {ReturnType<typeof openPage>} Page */

/** Longer than the pause after which typing is sent. */
const PAUSE = 160;
/** The delay of the announcement to screen readers. */
const ANNOUNCE_MS = 710;

const OPTIONS = { temperature: "0.7", top_k: "", top_p: "" };

/**
 * A page with the panel in view, and a server that answers with the prompt.
 *
 * @param {import("node:test").TestContext} t
 */
async function openCompletion(t) {
  const page = openPage(t, { only: "#panel_complete" });
  page.mount("#panel_complete", complete);
  page.connection.begin();
  page.connection.answers("complete", answerTo);
  await page.scrollTo("#panel_complete");
  return page;
}

/**
 * @param {Complete} question
 * @returns {CompleteResult}
 */
function answerTo({ method, prime }) {
  if (method === "sample")
    return completed(...["1", "2", "3"].map((each) => `${prime.length}${each}`));
  return completed(["sat", -1.25], ["ran", -20.5]);
}

/**
 * @param {(string | [string, number])[]} texts
 * @returns {CompleteResult}
 */
function completed(...texts) {
  const completions = texts.map((each) => {
    const [text, log_probability] = typeof each === "string" ? [each, null] : each;
    return { text, log_probability, cut: false };
  });
  return { ok: true, completions };
}

/**
 * @param {Page} page
 * @param {string} prime
 */
async function begin(page, prime) {
  page.type("#complete_prime", prime);
  await page.tick(PAUSE);
}

/** @param {Page} page */
function samples(page) {
  return page.all("#complete_samples .apred").map(({ textContent }) => textContent);
}

/** @param {Page} page */
function beamRows(page) {
  return page
    .all("#complete_beam tbody tr")
    .map(({ children }) => [...children].map(({ textContent }) => textContent));
}

/** @param {Page} page */
function isShown(page) {
  return ["#complete_samples", "#complete_beam"].map((each) => !page.get(each).hidden);
}

/** @param {Page} page */
function requestCount(page) {
  return page.connection.sent("complete").length;
}

test("an empty prompt sends no request and shows no completion", async (t) => {
  const page = await openCompletion(t);
  await page.tick(2_000);
  page.type("#complete_temperature", "2");
  await page.tick(2_000);
  assert.equal(requestCount(page), 0);
  assert.equal(page.state("#panel_complete"), "empty");
  assert.deepEqual(isShown(page), [false, false]);
});

test("a prompt is sent as typed, with its options, once per method", async (t) => {
  const page = await openCompletion(t);
  page.type("#complete_top_k", " 5");
  page.type("#complete_top_p", "0.9");
  page.type("#complete_width", "20");
  page.type("#complete_prime", "the ");
  assert.equal(page.state("#panel_complete"), "busy");
  await page.tick(PAUSE);
  assert.deepEqual(page.connection.sent("complete"), [
    { prime: "the ", method: "sample", temperature: "0.7", top_k: " 5", top_p: "0.9" },
    { prime: "the ", method: "beam", width: "20" },
  ]);
});

test("the completions follow the highlighted prompt, with their log-probabilities", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "the ");
  assert.equal(page.state("#panel_complete"), "shown");
  assert.deepEqual(isShown(page), [true, true]);
  assert.deepEqual(samples(page), ["the 41", "the 42", "the 43"]);
  assert.deepEqual(
    page.all("#complete_samples .prompt").map(({ textContent }) => textContent),
    ["the ", "the ", "the "],
  );
  assert.deepEqual(beamRows(page), [
    ["the sat", "−1.25"],
    ["the ran", "−20.50"],
  ]);
});

test("a truncated completion ends with an ellipsis, and a long prompt is shortened at its start", async (t) => {
  const page = await openCompletion(t);
  /** @type {Completion} */
  const completion = { text: "<b>", log_probability: -1, cut: true };
  page.connection.answers("complete", { ok: true, completions: [completion] });
  await begin(page, "x".repeat(10) + "😀".repeat(60));
  assert.equal(samples(page)[0], `…${"😀".repeat(60)}<b>…`);
  assert.equal(page.connection.sent("complete")[0].prime.length, 130);
  assert.equal(page.get("#panel_complete").querySelector(".apred b, .alternative b"), null);
});

test("existing rows of the beam are reused, others are added and removed", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "a");
  const row = page.get("#complete_beam tbody tr");
  page.connection.answers("complete", completed(["x", -1], ["y", -2], ["z", -3]));
  await begin(page, "b");
  assert.equal(beamRows(page).length, 3);
  page.connection.answers("complete", completed(["x", -1]));
  await begin(page, "c");
  assert.deepEqual(beamRows(page), [["cx", "−1.00"]]);
  assert.equal(page.get("#complete_beam tbody tr"), row);
});

test("typing sends one request, after the last key", async (t) => {
  const page = await openCompletion(t);
  for (const prime of ["t", "th", "the"]) {
    page.type("#complete_prime", prime);
    await page.tick(100);
  }
  assert.equal(requestCount(page), 0);
  await page.tick(60);
  assert.deepEqual(
    page.connection.sent("complete").map(({ prime }) => prime),
    ["the", "the"],
  );
});

test("late answers to an earlier prompt are not shown", async (t) => {
  const page = await openCompletion(t);
  /** @type {((answer: CompleteResult) => void)[]} */
  const answers = [];
  page.connection.answers("complete", () => new Promise((resolve) => answers.push(resolve)));
  for (const prime of ["a", "ab", "abc"]) await begin(page, prime);
  assert.equal(requestCount(page), 1); // one is in flight at a time
  answers[0]?.(completed("!"));
  await page.settle();
  assert.deepEqual(isShown(page), [false, false]);
  assert.deepEqual(page.connection.sent("complete")[1], {
    prime: "abc",
    method: "sample",
    ...OPTIONS,
  });
  answers[1]?.(completed("?"));
  await page.settle();
  assert.equal(samples(page)[0], "abc?");
  assert.equal(page.state("#panel_complete"), "busy");
});

test("while the panel is visible and the network trains, the completion is refreshed once a second", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "a");
  await page.tick(3_000);
  assert.equal(requestCount(page), 2); // the network is paused
  page.connection.answers("complete", completed(["new", -1]));
  for (const steps of [201, 202, 203]) {
    page.connection.emit("frame", frame({ steps }));
    await page.tick(100);
  }
  await page.tick(900);
  assert.equal(requestCount(page), 4);
  assert.equal(samples(page)[0], "anew");
  page.connection.emit("frame", frame({ steps: 204 }));
  await page.tick(500);
  page.type("#complete_prime", "b"); // the refresh comes while the prompt is being typed
  await page.tick(145);
  assert.equal(requestCount(page), 4);
  await page.tick(10);
  assert.equal(requestCount(page), 6);
});

test("nothing is requested automatically while the panel is out of view or the tab is hidden", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "a");
  page.connection.emit("frame", frame({ steps: 201 }));
  await page.scrollAwayFrom("#panel_complete");
  await page.tick(1_100);
  await page.scrollTo("#panel_complete");
  await page.hide(true);
  await page.tick(1_100);
  assert.equal(requestCount(page), 2);
  await page.hide(false);
  await page.tick(1_100);
  assert.equal(requestCount(page), 4);
});

test("without a connection nothing is sent, and the first refresh after it sends a request", async (t) => {
  const page = await openCompletion(t);
  page.connection.lose();
  await begin(page, "a");
  assert.equal(requestCount(page), 0);
  assert.deepEqual(page.store.page.notices, []);
  page.connection.open();
  await page.tick(1_100);
  assert.equal(requestCount(page), 2);
  assert.equal(page.state("#panel_complete"), "shown");
});

test("a refused prompt marks the completions as outdated and is not sent again", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "a");
  page.connection.answers("complete", refused("unknown_characters", "prime"));
  await begin(page, "ï");
  assert.equal(page.errorCode("#complete_prime_error"), "unknown_characters");
  assert.equal(page.get("#complete_prime").ariaInvalid, "true");
  assert.equal(page.state("#panel_complete"), "refused");
  assert.equal(page.all(".outdated").length, 2);
  await page.tick(2_000);
  assert.equal(requestCount(page), 3); // neither the beam nor the same network would give another answer
  page.connection.answers("complete", answerTo);
  await begin(page, "b");
  assert.equal(page.errorCode("#complete_prime_error"), null);
  assert.equal(page.get("#complete_prime").ariaInvalid, null);
  assert.equal(page.all(".outdated").length, 0);
  assert.equal(page.state("#panel_complete"), "shown");
});

for (const [method, field] of /** @type {const} */ ([
  ["sample", "temperature"],
  ["sample", "top_k"],
  ["sample", "top_p"],
  ["beam", "width"],
])) {
  test(`an error of ${field} is shown at its field, beside the other method's answer`, async (t) => {
    const page = await openCompletion(t);
    page.connection.answers("complete", (question) =>
      question.method === method ? refused("out_of_range", field) : answerTo(question),
    );
    const initial = page.value(`#complete_${field}`);
    page.type(`#complete_${field}`, "-1");
    await begin(page, "a");
    assert.equal(page.errorCode(`#complete_${field}_error`), "out_of_range");
    assert.equal(page.get(`#complete_${field}`).ariaInvalid, "true");
    assert.equal(page.state("#panel_complete"), "refused");
    assert.deepEqual(isShown(page), [method === "beam", method === "sample"]);
    assert.deepEqual(page.store.page.notices, []);
    page.connection.answers("complete", answerTo);
    page.type(`#complete_${field}`, initial);
    await page.tick(PAUSE);
    assert.equal(page.errorCode(`#complete_${field}_error`), null);
    assert.deepEqual(isShown(page), [true, true]);
  });
}

test("deleting the prompt removes the completions and sends no request", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "a");
  await page.tick(ANNOUNCE_MS);
  await begin(page, "");
  assert.equal(page.errorCode("#complete_prime_error"), "prime_empty");
  assert.equal(page.state("#panel_complete"), "empty");
  assert.deepEqual(isShown(page), [false, false]);
  assert.equal(page.get("#complete_spoken").textContent, "");
  await page.tick(1_100);
  assert.equal(requestCount(page), 2);
});

for (const [code, field] of /** @type {const} */ ([
  ["compiling", "method"],
  ["busy", null],
])) {
  test(`a temporary error (${code}) is shown at the field once, and the request is retried`, async (t) => {
    const page = await openCompletion(t);
    page.connection.answers("complete", refused(code, field));
    await begin(page, "a");
    const textNode = page.get("#complete_prime_error").firstChild;
    await page.tick(3_000);
    assert.equal(page.errorCode("#complete_prime_error"), code);
    assert.equal(page.get("#complete_prime_error").firstChild, textNode); // otherwise it is announced again
    assert.deepEqual(page.store.page.notices, []);
    assert.equal(requestCount(page), 4); // once a second, not per method
    page.connection.answers("complete", answerTo);
    await page.tick(1_100);
    assert.equal(page.state("#panel_complete"), "shown");
    assert.equal(page.errorCode("#complete_prime_error"), null);
  });
}

test("screen readers hear the first of each method, once per prompt and after a pause", async (t) => {
  const page = await openCompletion(t);
  const spoken = page.get("#complete_spoken");
  assert.equal(spoken.getAttribute("role"), "status");
  await begin(page, "the ");
  assert.equal(spoken.textContent, "");
  await page.tick(ANNOUNCE_MS);
  assert.match(spoken.textContent ?? "", /the 41.*the sat/s);
  const textNode = spoken.firstChild;
  page.connection.answers("complete", completed(["new", -1]));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(3_000);
  assert.equal(samples(page)[0], "the new");
  assert.equal(spoken.firstChild, textNode);
});

test("completions are not announced to screen readers while the user types", async (t) => {
  const page = await openCompletion(t);
  await begin(page, "a");
  await page.tick(400);
  page.connection.answers("complete", refused("unknown_characters", "prime"));
  page.type("#complete_prime", "aï");
  await page.tick(2_000);
  assert.equal(page.get("#complete_spoken").textContent, "");
});

test("every field has a label and is described by its error, in reading order", (t) => {
  const page = openPage(t, { only: "#panel_complete" });
  const entries = page.all("#panel_complete input");
  assert.deepEqual(
    entries.map(({ id }) => id),
    ["prime", "temperature", "top_k", "top_p", "width"].map((name) => `complete_${name}`),
  );
  for (const entry of entries) {
    assert.ok(page.get(`label[for=${entry.id}]`).textContent);
    assert.ok(entry.getAttribute("aria-describedby")?.split(" ").includes(`${entry.id}_error`));
    assert.equal(page.get(`#${entry.id}_error`).getAttribute("role"), "alert");
    assert.ok(entry.tabIndex === 0);
  }
  assert.ok(page.get(`#${page.get("#complete_beam").getAttribute("aria-labelledby")}`));
  assert.equal(page.all("#complete_beam thead th[scope=col]").length, 2);
});
