import assert from "node:assert/strict";
import { test } from "node:test";
import { LIKELIEST, networkResult, openDetails, rowsOf, textOf } from "./support/results.js";
import { openPage } from "./support/page.js";
import { frame, OPTIONS, refused, state } from "./support/state.js";
import * as picture from "../../static/js/diagram/panel.js";

/** @import { NetworkRequest } from "../../static/js/protocol" */
/** @typedef {ReturnType<typeof openPage>} Page */

const TEXT = "a cat sat";
/** The layers: the letter vector, the hidden layers, the output. */
const LAYERS = [
  [100, -50],
  [1, 0, 60],
  [20, -100],
  [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90],
];
const SMALL = { ...OPTIONS, hidden_sizes: [3, 2], letter_size: 2 };

/** @param {Required<NetworkRequest>} question */
function answerTo({ text, at }) {
  return networkResult(text, Number(at), LAYERS);
}

/**
 * A page with the diagram of a small network in view.
 *
 * @param {import("node:test").TestContext} t
 */
async function openDiagram(t) {
  const page = openPage(t, { only: "#panel_introduction" });
  page.mount("#panel_introduction", picture);
  page.connection.answers("network", answerTo);
  page.connection.begin({ options: SMALL });
  page.store.setProbeText(TEXT);
  await page.scrollTo(".network");
  await page.tick(210); // two requests, for the network and for the text
  return page;
}

/** @param {Page} page */
function steps(page) {
  return page.all("#netpicture > g");
}

/** @param {Page} page the input of each step */
function inputs(page) {
  return steps(page).map((step) => step.querySelectorAll(".character")[0]?.textContent);
}

/** @param {Page} page the most likely output of each step */
function outputs(page) {
  return steps(page).map((step) => step.querySelectorAll(".character")[1]?.textContent);
}

/** @param {string} shape of squares */
function squares(shape) {
  return (shape.match(/M/g) ?? []).length;
}

/** @param {Page} page the number of squares per layer, in each step */
function squaresPerLayer(page) {
  return steps(page).map((step) =>
    [...step.querySelectorAll(".unlit")].map((path) => squares(path.getAttribute("d") ?? "")),
  );
}

/** @param {Page} page the number of active squares, in each step */
function active(page) {
  return steps(page).map((step) =>
    [...step.querySelectorAll(".lit, .hollow")]
      .map((path) => squares(path.getAttribute("d") ?? ""))
      .reduce((sum, count) => sum + count, 0),
  );
}

/** @param {Page} page the text read, the current character, and the rest */
function reading(page) {
  return [".network-read", ".network-now", ".network-to-come"].map((each) =>
    textOf(page.get(each)),
  );
}

/** @param {Page} page */
function at(page) {
  return textOf(page.get("#netpicture_place"));
}

/** @param {Page} page */
function requests(page) {
  return page.connection.sent("network");
}

test("the diagram shows four steps with their inputs and most likely outputs", async (t) => {
  const page = await openDiagram(t);
  assert.deepEqual(requests(page).at(-1), { text: TEXT, at: 4, cell: 1 });
  assert.deepEqual(inputs(page), ["a", "space", "c", "a"]);
  assert.deepEqual(outputs(page), ["e", "e", "e", "e"]);
  assert.deepEqual(
    steps(page).map((step) => step.matches(".newest-step")),
    [false, false, false, true],
  );
  assert.equal(page.state(".network"), "shown");
});

test("each layer has a square per unit: opacity shows the magnitude, hollow is negative", async (t) => {
  const page = await openDiagram(t);
  assert.deepEqual(squaresPerLayer(page)[0], [2, 3, 2, 11]);
  assert.deepEqual(active(page), [7, 7, 7, 7]); // below 3 a unit is idle
  const [letter] = page.all("#netpicture > g .tone-letter");
  const levels = (/** @type {string} */ name) =>
    [...(letter?.querySelectorAll(name) ?? [])].map((path) =>
      squares(path.getAttribute("d") ?? ""),
    );
  assert.deepEqual(levels(".lit"), [0, 0, 0, 0, 0, 1]);
  assert.deepEqual(levels(".hollow"), [0, 0, 1, 0, 0, 0]);
});

test("a new network is drawn idle with its own sizes, then with its activations", async (t) => {
  const page = await openDiagram(t);
  const options = { ...OPTIONS, hidden_sizes: [7], letter_size: 4 };
  const layers = [
    [1, 2, 3, 4],
    [9, 9, 9, 9, 9, 9, 9],
    [9, 9, 9],
  ];
  page.connection.answers("network", ({ text, at: position }) =>
    networkResult(text, position, layers),
  );
  page.connection.emit("state", state({ version: 2, options, vocabulary: ["a", "b"] }));
  assert.deepEqual(squaresPerLayer(page)[3], [4, 7, 3]);
  assert.deepEqual(active(page), [0, 0, 0, 0]);
  assert.equal(page.state(".network"), "loading");
  await page.tick(510);
  assert.deepEqual(active(page), [12, 12, 12, 12]);
});

test("in a large network a square represents several units", async (t) => {
  const page = await openDiagram(t);
  const options = { ...OPTIONS, hidden_sizes: [400], letter_size: 2 };
  page.connection.emit("state", state({ version: 2, options, vocabulary: ["a", "b"] }));
  await page.tick(510);
  assert.deepEqual(squaresPerLayer(page)[0], [1, 134, 1]);
  assert.equal(requests(page).at(-1).cell, 3);
  assert.match(textOf(page.get("#netpicture_text")), /\b3\b/);
  assert.deepEqual(active(page), [0, 0, 0, 0]); // the answer is for another network
});

test("the architecture is described below the diagram, as its accessible name", async (t) => {
  const page = await openDiagram(t);
  const label = page.get("#netpicture").getAttribute("aria-labelledby");
  assert.match(textOf(page.get(`#${label}`)), /\b3 .*\b2 .*\b6,000\b/);
  assert.deepEqual(
    page.all("#netpicture .layer-name").map((name) => Number(/\d+$/.exec(textOf(name))?.[0])),
    [2, 3, 2, 11],
  );
});

test("the diagram follows the training at the same position", async (t) => {
  const page = await openDiagram(t);
  const stronger = LAYERS.map((layer) => layer.map(() => 50));
  page.connection.answers("network", ({ text, at: position }) =>
    networkResult(text, position, stronger),
  );
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.deepEqual(active(page), [18, 18, 18, 18]);
  assert.equal(at(page), "4 of 9");
});

test("the buttons move one step and stop at the ends", async (t) => {
  const page = await openDiagram(t);
  assert.deepEqual(reading(page), ["a c", "a", "t sat"]);
  await page.click("#netpicture_forward");
  assert.equal(page.state(".network"), "shown");
  assert.deepEqual(inputs(page), ["space", "c", "a", "t"]);
  assert.deepEqual([at(page), ...reading(page)], ["5 of 9", "a ca", "t", " sat"]);
  await page.tick(110);
  await page.click("#netpicture_back");
  assert.deepEqual(inputs(page), ["a", "space", "c", "a"]);
  for (const [button, end] of /** @type {const} */ ([
    ["#netpicture_forward", "9 of 9"],
    ["#netpicture_back", "0 of 9"],
  ])) {
    assert.equal(page.get(button).ariaDisabled, "false");
    for (let time = 0; time < 12; time++) await page.click(button);
    assert.equal(at(page), end);
    assert.equal(page.get(button).ariaDisabled, "true");
  }
});

test("missing steps at the start of the text are drawn idle", async (t) => {
  const page = await openDiagram(t);
  page.type("#netpicture_at", "0");
  await page.tick(210);
  assert.deepEqual(inputs(page), ["START", "", "", ""]);
  assert.deepEqual(outputs(page), ["e", "", "", ""]);
  assert.deepEqual(active(page), [7, 0, 0, 0]);
  assert.deepEqual(squaresPerLayer(page)[3], [2, 3, 2, 11]);
  await page.click("#netpicture_forward");
  assert.deepEqual(inputs(page), ["START", "a", "", ""]);
});

test("the slider moves the position and announces it to screen readers", async (t) => {
  const page = await openDiagram(t);
  page.type("#netpicture_at", "2");
  await page.tick(110);
  assert.deepEqual([requests(page).at(-1).at, at(page)], [2, "2 of 9"]);
  assert.equal(page.get("#netpicture_at").ariaValueText, "2 of 9, space");
  assert.equal(/** @type {HTMLInputElement} */ (page.get("#netpicture_at")).max, "9");
  assert.equal(textOf(page.get("#netpicture_spoken")), ""); // the slider announces itself
});

test("fast position changes send one request, for the latest position", async (t) => {
  const page = await openDiagram(t);
  const before = requests(page).length;
  for (const position of ["5", "6", "7", "8"]) page.type("#netpicture_at", position);
  await page.tick(90);
  assert.equal(page.state(".network"), "outdated");
  assert.deepEqual(
    requests(page)
      .slice(before)
      .map(({ at: position }) => position),
    [5],
  );
  await page.tick(20);
  assert.deepEqual(
    requests(page)
      .slice(before)
      .map(({ at: position }) => position),
    [5, 8],
  );
  assert.equal(page.state(".network"), "shown");
});

test("it plays through the text and restarts, but only after play is pressed", async (t) => {
  const page = await openDiagram(t);
  await page.tick(1_000);
  assert.deepEqual([at(page), page.state(".network-steps")], ["4 of 9", "stopped"]);
  await page.click("#netpicture_play");
  assert.equal(page.state(".network-steps"), "playing");
  const positions = [];
  for (let tick = 0; tick < 7; tick++) {
    await page.tick(340);
    positions.push(at(page).split(" ")[0]);
  }
  assert.deepEqual(positions, ["5", "6", "7", "8", "9", "0", "1"]);
  await page.click("#netpicture_play");
  await page.tick(1_000);
  assert.deepEqual([at(page), page.state(".network-steps")], ["1 of 9", "stopped"]);
});

test("playing waits for a slow answer and stops when the user steps", async (t) => {
  const page = await openDiagram(t);
  page.connection.answers("network", () => new Promise(() => {}));
  await page.click("#netpicture_play");
  await page.tick(1_400);
  assert.equal(at(page), "5 of 9");
  await page.click("#netpicture_back");
  assert.equal(page.state(".network-steps"), "stopped");
});

test("out of view and in a hidden tab it neither plays nor sends requests", async (t) => {
  const page = await openDiagram(t);
  await page.click("#netpicture_play");
  await page.scrollAwayFrom(".network");
  const [before, position] = [requests(page).length, at(page)];
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(1_000);
  assert.deepEqual([requests(page).length, at(page)], [before, position]);
  await page.scrollTo(".network");
  await page.hide(true);
  await page.tick(1_000);
  assert.equal(at(page), position);
  await page.hide(false);
  await page.tick(700);
  assert.notEqual(at(page), position);
  assert.ok(requests(page).length > before);
});

test("the five most likely characters are listed with their probabilities, none while idle", async (t) => {
  const page = await openDiagram(t);
  const list = () =>
    page
      .all("#netpicture_next li")
      .map((row) => [...row.querySelectorAll(".likely-name, .likely-share")].map(textOf));
  assert.deepEqual(list()[0], ["e", "50 %"]);
  assert.deepEqual(list()[4], ["b", "< 0.1 %"]);
  assert.equal(list().length, LIKELIEST.length);
  page.connection.emit("state", state({ version: 2, options: { ...SMALL } }));
  assert.deepEqual(
    list(),
    Array.from(LIKELIEST, () => ["", ""]),
  );
});

test("the actual next character is highlighted in the list", async (t) => {
  const page = await openDiagram(t);
  page.type("#netpicture_at", "3"); // followed by an a
  await page.tick(110);
  assert.deepEqual(page.all("#netpicture_next .actual .likely-name").map(textOf), ["a"]);
  page.type("#netpicture_at", "9");
  await page.tick(110);
  assert.deepEqual(page.all("#netpicture_next .actual .likely-name").map(textOf), ["END"]);
});

test("the table lists the latest step, from the top layer down", async (t) => {
  const page = await openDiagram(t);
  assert.deepEqual(rowsOf(page, ".network .data-table"), []); // empty while closed
  await openDetails(page, ".network .data-table");
  assert.deepEqual(rowsOf(page, ".network .data-table"), [
    ["output", "11", "e, 50 %; space, 25 %; END, 13 %"],
    ["hidden 2", "2", "unit 2: −100 %; unit 1: 20 %"],
    ["hidden 1", "3", "unit 3: 60 %; unit 1: 1 %; unit 2: 0 %"],
    ["letter", "2", "number 1: 100 %; number 2: −50 %"],
    ["input", "1", "a, character 4 of 9"],
  ]);
  assert.equal(page.all(".network .data-table tbody th[scope=row]").length, 5);
});

test("only manual steps are announced to screen readers, after they are drawn", async (t) => {
  const page = await openDiagram(t);
  const spoken = () => textOf(page.get("#netpicture_spoken"));
  assert.equal(page.get("#netpicture_spoken").getAttribute("role"), "status");
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.equal(spoken(), "");
  await page.click("#netpicture_forward");
  await page.tick(110);
  const announcement = spoken();
  assert.match(announcement, /\b5 of 9, t\b.*\be, 50 %/);
  page.connection.emit("frame", frame({ steps: 400 }));
  await page.tick(510);
  await page.click("#netpicture_play");
  await page.tick(1_000);
  assert.equal(spoken(), announcement);
});

test("a text that the network cannot read leaves the diagram idle", async (t) => {
  const page = await openDiagram(t);
  await page.click("#netpicture_play");
  page.connection.answers("network", refused("characters_unknown", "text"), answerTo);
  page.store.setProbeText("naïve");
  await page.tick(110);
  assert.equal(page.store.page.fieldErrors.look_text?.code, "characters_unknown");
  assert.equal(page.get("#netpicture_unread").hidden, false);
  assert.deepEqual(active(page), [0, 0, 0, 0]);
  assert.deepEqual(squaresPerLayer(page)[0], [2, 3, 2, 11]);
  assert.equal(/** @type {HTMLInputElement} */ (page.get("#netpicture_at")).disabled, true);
  assert.equal(page.get("#netpicture_play").ariaDisabled, "true");
  assert.equal(page.state(".network-steps"), "stopped");
  assert.equal(page.state(".network"), "refused");
  assert.deepEqual(page.store.page.notices, []);
  page.store.setFieldErrors({ text: "look_text" }, null); // as the text field does on editing
  page.store.setProbeText("a dog");
  await page.tick(510);
  assert.equal(page.get("#netpicture_unread").hidden, true);
  assert.deepEqual(inputs(page), ["a", "space", "d", "o"]);
  assert.equal(page.state(".network"), "shown");
});

test("the position is clamped to a shorter text, and only the characters read are shown", async (t) => {
  const page = await openDiagram(t);
  page.type("#netpicture_at", "8");
  page.store.setProbeText("so");
  await page.tick(510);
  assert.equal(at(page), "2 of 2");
  assert.deepEqual(inputs(page), ["START", "s", "o", ""]);
  page.store.setProbeText("a".repeat(200));
  assert.equal(at(page), "2 of 110");
});

test("the positions count the characters as the network reads them", async (t) => {
  const page = await openDiagram(t);
  page.connection.answers("network", ({ at: position }) =>
    networkResult("a cats sat", position, LAYERS),
  );
  page.store.setProbeText("a cat:sat");
  await page.tick(510);
  assert.equal(at(page), "4 of 10");
});

test("markup in a text is escaped", async (t) => {
  const page = await openDiagram(t);
  page.store.setProbeText("<b>a</b>");
  await page.tick(510);
  assert.equal(reading(page).join(""), "<b>a</b>");
  assert.equal(page.get(".network-text").querySelector("b"), null);
  assert.deepEqual(inputs(page), ["<", "b", ">", "a"]);
});

test("a server error is shown at the diagram, not as a notice", async (t) => {
  const page = await openDiagram(t);
  page.connection.answers("network", refused("busy"), answerTo);
  await page.click("#netpicture_forward");
  assert.equal(page.errorCode("#netpicture_wait"), "busy");
  assert.deepEqual(page.store.page.notices, []);
  await page.tick(1_010);
  assert.equal(page.errorCode("#netpicture_wait"), null);
  assert.deepEqual(inputs(page), ["space", "c", "a", "t"]);
});
