import assert from "node:assert/strict";
import { test } from "node:test";
import { LIKELIEST, openDetails, rowsOf, surprisalResult, textOf } from "./support/results.js";
import { openPage } from "./support/page.js";
import { frame, refused } from "./support/state.js";
import * as surprise from "../../static/js/inspect/surprisal.js";

/** @typedef {ReturnType<typeof openPage>} Page */

/**
 * A page with the panel in view and a probe text.
 *
 * @param {import("node:test").TestContext} t
 * @param {import("../../static/js/protocol").SurprisalResult} answer
 */
async function openSurprisal(t, answer) {
  const page = openPage(t, { only: "#panel_surprise" });
  page.mount("#panel_surprise", surprise);
  page.connection.answers("surprise", answer);
  page.connection.begin();
  page.store.setProbeText(answer.characters.join(""));
  await page.scrollTo("#panel_surprise .inspect-body");
  return page;
}

/** @param {Page} page */
function marks(page) {
  return page.all("#surprise_text [role=option]");
}

/** @param {Page} page */
function selected(page) {
  return marks(page).findIndex(({ ariaSelected }) => ariaSelected === "true");
}

test("each character and the end are shaded by their surprisal in bits", async (t) => {
  const probabilities = [1, 0.6, 0.5, 0.13, 1 / 128, 0.00001, 0];
  const page = await openSurprisal(t, surprisalResult("so a d", probabilities));
  assert.deepEqual(page.connection.sent("surprise"), [{ text: "so a d" }]);
  assert.deepEqual(marks(page).map(textOf), [..."so a d", "END"]);
  assert.deepEqual(
    marks(page).map(({ dataset }) => dataset.shade),
    ["0", "0", "1", "2", "7", "7", "7"],
  );
  assert.equal(page.state("#panel_surprise"), "shown");
});

test("each character is described with its probability to screen readers", async (t) => {
  const page = await openSurprisal(t, surprisalResult("a ", [0.5, 0.123, 0.0001]));
  assert.deepEqual(
    marks(page).map(({ ariaLabel }) => ariaLabel),
    ["a, 50 %", "space, 12 %", "END, < 0.1 %"],
  );
  assert.equal(page.get("#surprise_text").getAttribute("role"), "listbox");
});

test("the shades follow the training, and the selected position stays", async (t) => {
  const page = await openSurprisal(t, surprisalResult("the", [0.9, 0.9, 0.1, 0.9]));
  assert.equal(selected(page), 2);
  const before = marks(page);
  before[1]?.focus();
  page.connection.answers("surprise", surprisalResult("the", [0.9, 0.2, 0.9, 0.01]));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.deepEqual(marks(page), before);
  assert.equal(before[1]?.dataset.shade, "2");
  assert.equal(selected(page), 1);
  assert.equal(document.activeElement, before[1]);
});

test("another text has new marks, and its most surprising character is selected first", async (t) => {
  const page = await openSurprisal(t, surprisalResult("the", [0.9, 0.9, 0.1, 0.9]));
  page.connection.answers("surprise", surprisalResult("a b", [0.9, 0.2, 0.9, 0.3]));
  page.store.setProbeText("a b");
  await page.settle();
  assert.deepEqual(marks(page).map(textOf), ["a", " ", "b", "END"]);
  assert.equal(selected(page), 1);
});

test("pointing at a character shows the five most likely ones there, the actual one highlighted", async (t) => {
  const page = await openSurprisal(t, surprisalResult("the", [0.1, 0.9, 0.9, 0.9]));
  marks(page)[2]?.dispatchEvent(new Event("pointerover", { bubbles: true }));
  assert.equal(selected(page), 2);
  assert.match(textOf(page.get("#surprise_context")), /“th”.*“e”.* 90 %/);
  const rows = page.all("#surprise_likeliest li");
  assert.deepEqual(
    rows.map((row) => [...row.children].map(textOf)),
    [
      ["e", "", "50 %"],
      ["space", "", "25 %"],
      ["END", "", "13 %"],
      ["a", "", "6.3 %"],
      ["b", "", "< 0.1 %"],
    ],
  );
  assert.deepEqual(
    page
      .all("#surprise_likeliest .likely-bar")
      .map(({ style }) => style.getPropertyValue("--share")),
    LIKELIEST.map(([, probability]) => String(probability)),
  );
  assert.deepEqual(
    rows.map(({ classList }) => classList.contains("actual")),
    [true, false, false, false, false],
  );
});

test("the text is a single tab stop, and the arrow keys move within it", async (t) => {
  const page = await openSurprisal(t, surprisalResult("a b", [0.9, 0.9, 0.1, 0.9]));
  const tabIndexes = () => marks(page).map(({ tabIndex }) => tabIndex);
  assert.deepEqual(tabIndexes(), [-1, -1, 0, -1]);
  marks(page)[2]?.focus();
  const positions = [];
  for (const key of ["Home", "ArrowLeft", "ArrowRight", "End", "ArrowRight", "ArrowLeft"]) {
    assert.equal(page.press("#surprise_text :focus", key), false); // otherwise the page would scroll
    positions.push(selected(page));
    assert.equal(document.activeElement, marks(page)[selected(page)]);
  }
  assert.deepEqual(positions, [0, 0, 1, 3, 3, 2]);
  assert.deepEqual(tabIndexes(), [-1, -1, 0, -1]);
  assert.equal(page.press("#surprise_text :focus", "x"), true);
});

test("the table has exact probabilities, bits and the most likely character", async (t) => {
  const page = await openSurprisal(t, surprisalResult("a ", [0.123456, 0.5, 0.00001]));
  assert.deepEqual(rowsOf(page, "#panel_surprise .data-table"), []); // empty while closed
  await openDetails(page, "#panel_surprise .data-table");
  assert.deepEqual(rowsOf(page, "#panel_surprise .data-table"), [
    ["a", "12.3 %", "3.0", "e, 50 %"],
    ["space", "50 %", "1.0", "e, 50 %"],
    ["END", "0.001 %", "16.6", "e, 50 %"],
  ]);
});

test("the perplexity of the text is shown with two decimals", async (t) => {
  const page = await openSurprisal(t, surprisalResult("a", [], { perplexity: 3.14159 }));
  assert.match(textOf(page.get("#surprise_perplexity")), /\b3\.14\b/);
  assert.equal(page.errorCode("#surprise_perplexity"), null);
});

test("a diverged network shows an error code instead of the perplexity", async (t) => {
  const page = await openSurprisal(t, surprisalResult("a", [], { perplexity: null }));
  assert.equal(page.errorCode("#surprise_perplexity"), "network_diverged");
  page.connection.answers("surprise", surprisalResult("b"));
  page.store.setProbeText("b");
  await page.settle();
  assert.equal(page.errorCode("#surprise_perplexity"), null);
});

test("an unreadable text is an error at the text field, and the answer shown is outdated", async (t) => {
  const page = await openSurprisal(t, surprisalResult("the"));
  page.connection.answers("surprise", refused("characters_unknown", "text"));
  page.store.setProbeText("thé");
  await page.settle();
  const outdated = () => page.get("#panel_surprise .inspect-body").classList.contains("is-stale");
  assert.equal(page.store.page.fieldErrors.look_text?.code, "characters_unknown");
  assert.equal(page.state("#panel_surprise"), "outdated");
  assert.equal(outdated(), true);
  assert.deepEqual(marks(page).map(textOf), ["t", "h", "e", "END"]);
  page.connection.answers("surprise", surprisalResult("then"));
  page.store.setProbeText("then");
  await page.settle();
  assert.deepEqual([page.state("#panel_surprise"), outdated()], ["shown", false]);
  assert.deepEqual(page.store.page.fieldErrors, {});
});

test("a server error is shown in the panel, not as a notice", async (t) => {
  const page = await openSurprisal(t, surprisalResult("the"));
  page.connection.answers("surprise", refused("busy"), surprisalResult("then"));
  page.store.setProbeText("then");
  await page.settle();
  assert.equal(page.errorCode("#surprise_wait"), "busy");
  assert.deepEqual(page.store.page.notices, []);
  await page.tick(1_010);
  assert.equal(page.errorCode("#surprise_wait"), null);
});

test("nothing is requested while the panel is closed and only its summary is in view", async (t) => {
  const page = openPage(t, { only: "#panel_surprise" });
  page.mount("#panel_surprise", surprise);
  page.connection.begin();
  page.store.setProbeText("a");
  await page.scrollTo("#panel_surprise > summary");
  await page.tick(1_000);
  assert.deepEqual(page.connection.sent("surprise"), []);
});
