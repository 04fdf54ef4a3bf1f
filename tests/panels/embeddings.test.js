import assert from "node:assert/strict";
import { test } from "node:test";
import { embeddingsResult, openDetails, rowsOf, textOf } from "./support/results.js";
import { openPage } from "./support/page.js";
import { frame, refused, state } from "./support/state.js";
import * as letterMap from "../../static/js/inspect/embeddings.js";

/** @import { EmbeddingsResult, ErrorResult } from "../../static/js/protocol" */
/** @typedef {ReturnType<typeof openPage>} Page */

const SIZE = { width: 400, height: 300 };

/** @type {Record<string, [number, number]>} */
const LETTERS = { "": [2, 1], " ": [-2, -1], e: [1, -1], t: [-1, 1], 7: [0.5, 0] };

/**
 * @param {import("node:test").TestContext} t
 * @param {EmbeddingsResult} answer
 */
async function openEmbeddings(t, answer) {
  const page = openPage(t, { only: "#panel_letter_map" });
  page.mount("#panel_letter_map", letterMap);
  page.resize("#letter_map_plot", SIZE);
  page.connection.answers("letters", answer);
  page.connection.begin();
  await page.scrollTo("#panel_letter_map .inspect-body");
  return page;
}

let steps = 1_000;

/**
 * Train on, and refresh the plot.
 *
 * @param {Page} page
 * @param {EmbeddingsResult | ErrorResult} answer
 */
async function refresh(page, answer) {
  page.connection.answers("letters", answer);
  page.connection.emit("frame", frame({ steps: steps++ }));
  await page.tick(510);
}

/**
 * The position of each mark relative to the centre, by name.
 *
 * @param {Page} page
 * @returns {Record<string, number[]>}
 */
function positions(page) {
  const marks = page.all("#letter_map_plot .letter-mark").map((mark) => {
    const [x = 0, y = 0] = (mark.style.transform.match(/-?[\d.]+(?=px)/g) ?? []).map(Number);
    return [textOf(mark), [rounded(x - SIZE.width / 2), rounded(SIZE.height / 2 - y)]];
  });
  return Object.fromEntries(marks);
}

/** @param {number} pixels rounded as on the page */
function rounded(pixels) {
  return Math.round(10 * pixels) / 10;
}

test("each character has a mark at its position, with the same scale on both axes", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS));
  const { END = [], "␣": space, e } = positions(page);
  assert.deepEqual(page.connection.sent("letters"), [{}]);
  assert.deepEqual(Object.keys(positions(page)).sort(), ["7", "END", "e", "t", "␣"]);
  const [x = 0, y = 0] = END;
  assert.ok(x > 100 && x < SIZE.width / 2 - 14, `${x}`);
  assert.ok(Math.abs(x / y - 2) < 0.01);
  assert.deepEqual(space, [-x, -y]);
  assert.deepEqual(e, [y, -y]);
  assert.equal(page.state("#panel_letter_map"), "shown");
});

test("the marks have the classes of their kinds, and the legend lists only the kinds present", async (t) => {
  const page = await openEmbeddings(
    t,
    embeddingsResult({ "": [2, 1], e: [1, -1], t: [-1, 1], é: [0, 0] }),
  );
  const kinds = page.all("#letter_map_plot .letter-mark").map((mark) => mark.getAttribute("class"));
  assert.deepEqual(kinds, [
    "letter-mark kind-end",
    "letter-mark kind-vowel",
    "letter-mark kind-consonant",
    "letter-mark kind-vowel",
  ]);
  const key = () =>
    page
      .all("#panel_letter_map [data-kind]")
      .filter(({ hidden }) => !hidden)
      .map(({ dataset }) => dataset.kind);
  assert.deepEqual(key(), ["vowel", "consonant", "end"]);
  await refresh(page, embeddingsResult(LETTERS));
  assert.deepEqual(key(), ["vowel", "consonant", "digit", "sign", "end"]);
});

test("existing marks move while the network trains, and missing ones are removed", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS));
  const marks = page.all("#letter_map_plot .letter-mark");
  const before = positions(page);
  await refresh(
    page,
    embeddingsResult({ "": [2, 1], " ": [-2, -0.5], e: [1, -0.5], t: [-1, 0.5] }),
  );
  assert.deepEqual(page.all("#letter_map_plot .letter-mark"), marks.slice(0, -1).concat());
  assert.deepEqual(positions(page).END, before.END);
  assert.notDeepEqual(positions(page).e, before.e);
});

test("a component whose sign flips does not mirror the plot", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS));
  const before = positions(page);
  for (const [x, y] of /** @type {const} */ ([
    [-1, 1],
    [1, -1],
    [-1, -1],
  ])) {
    const turned = Object.entries(LETTERS).map(([name, at]) => [name, [x * at[0], y * at[1]]]);
    await refresh(page, embeddingsResult(Object.fromEntries(turned)));
    assert.deepEqual(positions(page), before);
  }
});

test("a new network is not aligned with the previous one", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS));
  const { END: [x = 0] = [] } = positions(page);
  page.connection.answers(
    "letters",
    embeddingsResult({ "": [-0.2, -0.1], a: [0.2, 0.1], b: [0, 0] }),
  );
  page.connection.emit("state", state({ version: 2 }));
  assert.equal(page.state("#panel_letter_map"), "outdated");
  await page.tick(510);
  const after = positions(page);
  assert.deepEqual(Object.keys(after).sort(), ["END", "a", "b"]);
  assert.ok(Math.abs((after.END?.[0] ?? 0) + x) < 1); // the new scale fills the plot, too
});

test("overlapping marks are separated, close to their positions", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult({ e: [1, 1], t: [1, 1], " ": [-3, 0] }));
  const { e: [x = 0, y = 0] = [], t: [otherX = 0, otherY = 0] = [] } = positions(page);
  const distance = Math.hypot(x - otherX, y - otherY);
  assert.ok(distance > 8 && distance < 19, `${distance}`);
});

test("the axes show the explained variance, and the scale bar its length", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS, { left_out: 12 }));
  assert.match(textOf(page.get("#letter_map_first")), /\b61 %/);
  assert.match(textOf(page.get("#letter_map_second")), /\b20 %/);
  assert.match(textOf(page.get("#letter_map_left_out")), /\b12\b/);
  assert.equal(textOf(page.get("#letter_map_plot .plane-bar-length")), "0.5");
  const bar = page.get("#letter_map_plot .plane-bar").getAttribute("d") ?? "";
  const { END: [x = 0] = [] } = positions(page);
  assert.equal(Number(/h([\d.]+)/.exec(bar)?.[1]).toFixed(0), (x / 4).toFixed(0));
  await refresh(page, embeddingsResult(LETTERS));
  assert.equal(textOf(page.get("#letter_map_left_out")), "");
});

test("the plot is laid out again for a new size, and unchanged while the panel has none", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS));
  const at = () => page.get("#letter_map_plot .letter-mark").style.transform;
  const before = at();
  page.resize("#letter_map_plot", { width: 0, height: 0 });
  assert.equal(at(), before);
  page.resize("#letter_map_plot", { width: 200, height: 150 });
  assert.notEqual(at(), before);
});

test("the closest pairs are described to screen readers, with names for space and END", async (t) => {
  const page = await openEmbeddings(
    t,
    embeddingsResult({ "": [0, 0], " ": [0.1, 0], e: [2, 0], t: [2.5, 0], z: [9, 9] }),
  );
  const plot = page.get("#letter_map_plot");
  assert.equal(plot.getAttribute("role"), "img");
  assert.match(plot.getAttribute("aria-label") ?? "", /\b5\b.*\bEND\b.*\bspace\b.*\be\b.*\bt\b/);
});

test("the table has a row per character, with its position and nearest character", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult(LETTERS));
  assert.deepEqual(rowsOf(page, "#panel_letter_map .data-table"), []); // empty while closed
  await openDetails(page, "#panel_letter_map .data-table");
  assert.deepEqual(rowsOf(page, "#panel_letter_map .data-table"), [
    ["END", "2.000", "1.000", "7"],
    ["space", "−2.000", "−1.000", "t"],
    ["7", "0.500", "0.000", "e"],
    ["e", "1.000", "−1.000", "7"],
    ["t", "−1.000", "1.000", "7"],
  ]);
  assert.equal(page.all("#panel_letter_map .data-table tbody th[scope=row]").length, 5);
});

test("a plot with many marks is refreshed less often", async (t) => {
  const many = Array.from({ length: 91 }, (_, index) => [
    String.fromCodePoint(0x4e00 + index),
    [index, 1],
  ]);
  const page = await openEmbeddings(t, embeddingsResult(Object.fromEntries(many)));
  assert.ok(page.get("#letter_map_plot").classList.contains("many"));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(1_980);
  assert.equal(page.connection.sent("letters").length, 1);
  await page.tick(30);
  assert.equal(page.connection.sent("letters").length, 2);
});

test("diverged vectors are shown as an error with a code", async (t) => {
  const page = await openEmbeddings(t, embeddingsResult({}, { left_out: 9 }));
  assert.equal(page.errorCode("#letter_map_wait"), "letters_diverged");
  assert.equal(page.state("#panel_letter_map"), "refused");
  await refresh(page, embeddingsResult(LETTERS));
  assert.equal(page.errorCode("#letter_map_wait"), null);
  await refresh(page, embeddingsResult({}));
  assert.equal(page.state("#panel_letter_map"), "outdated");
  await refresh(page, refused("busy"));
  assert.equal(page.errorCode("#letter_map_wait"), "busy");
});

test("nothing is requested while the panel is closed and only its summary is in view", async (t) => {
  const page = openPage(t, { only: "#panel_letter_map" });
  page.mount("#panel_letter_map", letterMap);
  page.connection.begin();
  await page.scrollTo("#panel_letter_map > summary");
  await page.tick(1_000);
  assert.deepEqual(page.connection.sent("letters"), []);
});
