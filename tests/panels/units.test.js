import assert from "node:assert/strict";
import { test } from "node:test";
import { openDetails, rowsOf, textOf, findUnitsResult, unitsResult } from "./support/results.js";
import { openPage } from "./support/page.js";
import { frame, OPTIONS, refused, state } from "./support/state.js";
import * as units from "../../static/js/inspect/units.js";

/** @import { UnitsResult } from "../../static/js/protocol" */
/** @typedef {ReturnType<typeof openPage>} Page */

const TEXT = "a cat";
/** The activations of three units over the text, from -127 to 127. */
const ROWS = [
  [0, 127, -127, 64, -64],
  [10, 20, 30, 40, 50],
  [0, 0, 0, 0, -1],
];

const LIGHT = { "--below": "rgb(0, 0, 254)", "--zero": "rgb(254, 254, 254)" };
const ABOVE = { "--above": "rgb(254, 127, 0)" };

/**
 * @param {Page} page
 * @param {Record<string, string>} tokens
 */
function setTokens(page, tokens) {
  const { style } = page.get("#panel_units");
  for (const [name, colour] of Object.entries(tokens)) style.setProperty(name, colour);
}

/**
 * A page with the panel in view and a probe text.
 *
 * @param {import("node:test").TestContext} t
 * @param {{answer?: UnitsResult, hidden_sizes?: number[]}} [options]
 */
async function openUnits(t, { answer = unitsResult(TEXT, ROWS), hidden_sizes = [3, 3] } = {}) {
  const page = openPage(t, { only: "#panel_units" });
  setTokens(page, { ...LIGHT, ...ABOVE });
  page.mount("#panel_units", units);
  page.resize("#units_grid canvas", { width: 50, height: 30 });
  page.connection.answers("units", answer);
  page.connection.answers("find_units", findUnitsResult([2, 3, 0.8], [1, 1, -0.456]));
  page.connection.begin({ options: { ...OPTIONS, hidden_sizes } });
  page.store.setProbeText(TEXT);
  await page.scrollTo("#panel_units .inspect-body");
  return page;
}

/** @param {Page} page */
function lastAsked(page) {
  return page.connection.sent("units").at(-1);
}

/** @param {Page} page */
function colours(page) {
  return page.all("#units_text span").map(({ style }) => style.backgroundColor);
}

/**
 * The latest image of the grid, with a number for each colour.
 *
 * @param {Page} page
 * @returns {{width: number, height: number, data: Uint8ClampedArray}}
 */
function image(page) {
  return /** @type {any} */ (page.drawn.findLast(([name]) => name === "putImageData"))?.[1];
}

/**
 * Point or click at a position of the grid, in pixels.
 *
 * @param {Page} page
 * @param {"pointermove" | "pointerleave" | "click"} type
 * @param {[x: number, y: number]} [at]
 */
async function atGrid(page, type, [clientX, clientY] = [0, 0]) {
  page.get("#units_grid canvas").dispatchEvent(new MouseEvent(type, { clientX, clientY }));
  await page.settle();
}

/**
 * @param {Page} page
 * @returns {[name: string, correlation: string, pressed: string | null][]}
 */
function ranking(page) {
  return page
    .all(".found > li:not([hidden])")
    .map((item) => [
      textOf(/** @type {Element} */ (item.querySelector(".found-name"))),
      textOf(/** @type {Element} */ (item.querySelector(".found-number"))),
      /** @type {Element} */ (item.querySelector("button")).getAttribute("aria-pressed"),
    ]);
}

test("each character has the colour of the unit's activation, interpolated on the scale", async (t) => {
  const page = await openUnits(t);
  assert.deepEqual(page.connection.sent("units"), [
    { text: TEXT, layer: 1, state: "h", unit: "1", first: 1 },
  ]);
  assert.equal(textOf(page.get("#units_text")), TEXT);
  assert.deepEqual(colours(page), [
    "rgb(254, 254, 254)",
    "rgb(254, 127, 0)",
    "rgb(0, 0, 254)",
    "rgb(254, 190, 126)",
    "rgb(126, 126, 254)",
  ]);
  assert.equal(page.state("#panel_units"), "shown");
});

test("each unit and character has a cell in the grid, with the colour of its activation", async (t) => {
  const page = await openUnits(t);
  const { width, height, data } = image(page);
  assert.deepEqual([width, height], [5, 3]);
  const pixel = (/** @type {number} */ at) => [...data.subarray(4 * at, 4 * at + 4)];
  assert.deepEqual(
    [pixel(0), pixel(1), pixel(2), pixel(14)],
    [
      [254, 254, 254, 255],
      [254, 127, 0, 255],
      [0, 0, 254, 255],
      [252, 252, 254, 255],
    ],
  );
  const canvas = /** @type {HTMLCanvasElement} */ (page.get("#units_grid canvas"));
  assert.deepEqual([canvas.width, canvas.height], [5, 3]);
});

test("the ends of the scale are the answer's, and the colours are relative to it", async (t) => {
  const page = await openUnits(t, { answer: unitsResult(TEXT, ROWS, { scale: 2.3456 }) });
  assert.equal(textOf(page.get(".activation-above")), "2.35");
  assert.equal(textOf(page.get(".activation-below")), "−2.35");
  assert.equal(colours(page)[1], "rgb(254, 127, 0)");
});

test("a new scheme changes the colours at once, without a request", async (t) => {
  const page = await openUnits(t);
  page.drawn.length = 0;
  setTokens(page, { "--zero": "rgb(0, 0, 0)", "--above": "rgb(127, 127, 0)" });
  window.dispatchEvent(new Event("schemechange"));
  assert.deepEqual(colours(page).slice(0, 2), ["rgb(0, 0, 0)", "rgb(127, 127, 0)"]);
  assert.deepEqual([...image(page).data.subarray(0, 4)], [0, 0, 0, 255]);
  assert.equal(page.connection.sent("units").length, 1);
});

test("colours and grid follow the training, on the same characters", async (t) => {
  const page = await openUnits(t);
  const marks = page.all("#units_text span");
  page.connection.answers("units", unitsResult(TEXT, ROWS.toReversed()));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.deepEqual(page.all("#units_text span"), marks);
  assert.equal(colours(page)[1], "rgb(254, 254, 254)");
  assert.deepEqual([...image(page).data.subarray(4, 7)], [254, 254, 254]);
});

test("another unit, layer or state is requested at once", async (t) => {
  const page = await openUnits(t);
  page.type("#units_unit", "2");
  await page.tick(140);
  assert.equal(page.connection.sent("units").length, 1); // the user may type on
  await page.tick(20);
  assert.equal(lastAsked(page).unit, "2");
  await page.choose("#units_layer", "2");
  assert.deepEqual([lastAsked(page).layer, lastAsked(page).unit], [2, "2"]);
  await page.choose("#units_state", "c");
  assert.equal(lastAsked(page).state, "c");
  assert.equal(page.connection.sent("find_units").at(-1).state, "c");
  assert.match(page.get("#units_text").ariaLabel ?? "", /\b2\b.*\b2, c:/);
});

test("arrow keys and buttons step through the units, and stop at the ends", async (t) => {
  const page = await openUnits(t);
  const steps = [];
  for (const key of ["ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowDown"]) {
    assert.equal(page.press("#units_unit", key), false); // otherwise the cursor would move
    await page.settle();
    steps.push(page.value("#units_unit"));
  }
  assert.deepEqual(steps, ["1", "2", "3", "3", "2"]);
  await page.click("#units_unit_after");
  assert.equal(page.value("#units_unit"), "3");
  await page.click("#units_unit_before");
  assert.equal(lastAsked(page).unit, "2");
  assert.equal(page.press("#units_unit", "5"), true);
});

test("a typed unit is sent as typed, and its error is shown at the field", async (t) => {
  const page = await openUnits(t);
  for (const typed of ["0", "abc", "", "1000", "1.5"]) {
    page.connection.answers("units", refused("out_of_range", "unit"));
    page.type("#units_unit", typed);
    await page.tick(160);
    assert.equal(lastAsked(page).unit, typed);
    assert.equal(page.errorCode("#units_unit_error"), "out_of_range");
    assert.equal(page.get("#units_unit").ariaInvalid, "true");
    assert.equal(page.state("#panel_units"), "outdated");
    page.connection.answers("units", unitsResult(TEXT, ROWS));
    page.type("#units_unit", "3");
    await page.tick(160);
    assert.equal(page.errorCode("#units_unit_error"), null);
    assert.equal(page.get("#units_unit").ariaInvalid, null);
  }
  assert.deepEqual(page.store.page.notices, []);
});

test("an error of the layer is shown at its field, a server error in the panel", async (t) => {
  const page = await openUnits(t);
  page.connection.answers("units", refused("no_such_layer", "layer"));
  await page.choose("#units_layer", "2");
  assert.equal(page.errorCode("#units_layer_error"), "no_such_layer");
  page.connection.answers("units", refused("busy"));
  await page.choose("#units_layer", "1");
  assert.equal(page.errorCode("#units_wait"), "busy");
  assert.deepEqual(page.store.page.notices, []);
});

test("an unreadable text is an error at the text field, and the answer shown is outdated", async (t) => {
  const page = await openUnits(t);
  const outdated = () =>
    ["#units_one", "#units_all"].map((each) => page.get(each).classList.contains("is-stale"));
  page.connection.answers("units", refused("characters_unknown", "text"));
  page.store.setProbeText("日本");
  await page.settle();
  assert.equal(page.store.page.fieldErrors.look_text?.code, "characters_unknown");
  assert.equal(textOf(page.get("#units_text")), TEXT);
  assert.deepEqual([page.state("#panel_units"), ...outdated()], ["outdated", true, true]);
  page.connection.answers("units", unitsResult("a dog", ROWS));
  page.store.setProbeText("a dog");
  await page.settle();
  assert.equal(textOf(page.get("#units_text")), "a dog");
  assert.deepEqual([page.state("#panel_units"), ...outdated()], ["shown", false, false]);
});

test("the open tables have the values that the colours show", async (t) => {
  const page = await openUnits(t);
  assert.deepEqual(rowsOf(page, "#units_one"), []);
  assert.deepEqual(rowsOf(page, "#units_all"), []);
  await openDetails(page, "#units_one .data-table");
  await openDetails(page, "#units_all .data-table");
  assert.deepEqual(rowsOf(page, "#units_one"), [
    ["1", "a", "0.00"],
    ["2", "space", "1.00"],
    ["3", "c", "−1.00"],
    ["4", "a", "0.50"],
    ["5", "t", "−0.50"],
  ]);
  assert.deepEqual(rowsOf(page, "#units_all"), [
    ["1", "0.00", "−1.00", "1.00"],
    ["2", "0.24", "0.08", "0.39"],
    ["3", "0.00", "−0.01", "0.00"],
  ]);
});

test("text and grid are described to screen readers", async (t) => {
  const page = await openUnits(t);
  const label = (/** @type {string} */ selector) => page.get(selector).ariaLabel ?? "";
  assert.match(label("#units_text"), /“a cat”.*\b1\b.*\b1, h:.* −1\.00 .*“c”.* 1\.00 .*space/);
  assert.match(label("#units_grid canvas"), /\b1\b.*\b3\b.*\b3\b.*\b1\b.*\b5\b/);
  assert.equal(page.get("#units_text").getAttribute("role"), "img");
});

test("a click on a row of the grid selects its unit, and highlights the row", async (t) => {
  const page = await openUnits(t);
  assert.equal(page.get("#units_grid").style.getPropertyValue("--chosen"), "0");
  page.connection.answers("units", unitsResult(TEXT, ROWS));
  await atGrid(page, "click", [5, 25]);
  assert.equal(page.value("#units_unit"), "3");
  assert.equal(lastAsked(page).unit, "3");
  assert.equal(page.get("#units_grid").style.getPropertyValue("--chosen"), "2");
  assert.equal(page.get(".unit-chosen").hidden, false);
});

test("pointing at a cell or a character shows its value, and highlights the character", async (t) => {
  const page = await openUnits(t);
  const pointed = () => page.all("#units_text .pointed").map(textOf);
  await atGrid(page, "pointermove", [25, 15]);
  assert.match(textOf(page.get("#units_grid_reading")), /\b2\b.*“c”.* 0\.24$/);
  assert.match(textOf(page.get("#units_text_reading")), /“c”.* −1\.00$/);
  assert.deepEqual(pointed(), ["c"]);
  await atGrid(page, "pointerleave");
  assert.deepEqual(pointed(), []);
  assert.match(textOf(page.get("#units_grid_reading")), /^3\b/); // the number of units
  const [mark] = page.all("#units_text span").slice(3);
  mark?.dispatchEvent(new MouseEvent("pointermove", { bubbles: true }));
  assert.deepEqual(pointed(), ["a"]);
  assert.match(textOf(page.get("#units_text_reading")), /“a”.* 0\.50$/);
});

test("a large layer is paged, and the selected unit turns to its page", async (t) => {
  const page = await openUnits(t, { hidden_sizes: [100] });
  page.connection.answers("units", ({ first }) => {
    const rows = Array.from({ length: 50 }, () => [1, 2, 3, 4, 5]);
    return unitsResult(TEXT, rows, { units: 100, first: Number(first) });
  });
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  const ends = () => [textOf(page.get(".unit-first")), textOf(page.get(".unit-last"))];
  const resting = () =>
    ["#units_before", "#units_after"].map((each) => page.get(each).ariaDisabled);
  assert.deepEqual(
    [ends(), resting()],
    [
      ["1", "50"],
      ["true", "false"],
    ],
  );
  assert.equal(page.get("#units_after").hidden, false);
  await page.click("#units_after");
  assert.deepEqual(
    [ends(), resting()],
    [
      ["51", "100"],
      ["false", "true"],
    ],
  );
  assert.equal(page.get(".unit-chosen").hidden, true); // unit 1 is on another page
  await page.click("#units_after");
  assert.equal(lastAsked(page).first, 51);
  await page.click("#units_before");
  assert.equal(page.get(".unit-chosen").hidden, false);
  page.type("#units_unit", "93");
  await page.tick(160);
  assert.equal(lastAsked(page).first, 51);
  assert.deepEqual(ends(), ["51", "100"]);
});

test("a small layer has no page buttons, and its rows reserve their space", async (t) => {
  const page = await openUnits(t);
  assert.equal(page.get("#units_before").hidden, true);
  assert.equal(page.get("#units_after").hidden, true);
  assert.equal(page.get("#units_grid").style.getPropertyValue("--rows"), "3");
  assert.equal(page.get("#units_grid").style.getPropertyValue("--row"), "14px");
});

test("a new network clears the activations of the previous one", async (t) => {
  const page = await openUnits(t);
  await page.scrollAwayFrom("#panel_units .inspect-body");
  page.connection.emit("state", state({ version: 2 }));
  const canvas = /** @type {HTMLCanvasElement} */ (page.get("#units_grid canvas"));
  assert.equal(textOf(page.get("#units_text")), "");
  assert.deepEqual([canvas.width, canvas.height], [0, 0]);
  assert.equal(page.get(".unit-chosen").hidden, true);
  assert.equal(page.get("#units_grid").style.getPropertyValue("--rows"), "20"); // of the new network
  assert.deepEqual(ranking(page), []);
  assert.equal(page.state("#panel_units"), "loading");
  assert.equal(page.state("#units_finding"), "loading");
  await page.scrollTo("#panel_units .inspect-body");
  await page.tick(1_510);
  assert.equal(textOf(page.get("#units_text")), TEXT);
  assert.equal(ranking(page).length, 2);
});

test("a unit, layer or state that the new network lacks is reset to the first", async (t) => {
  const page = await openUnits(t);
  await page.choose("#units_layer", "2");
  await page.choose("#units_state", "c");
  page.type("#units_unit", "3");
  await page.tick(160);
  const options = { ...OPTIONS, kind: /** @type {const} */ ("gru"), hidden_sizes: [2] };
  page.connection.emit("state", state({ version: 2, options }));
  await page.settle();
  assert.deepEqual(lastAsked(page), { text: TEXT, layer: 1, state: "h", unit: "1", first: 1 });
  assert.equal(page.all("#units_layer option").length, 1);
  assert.equal(page.value("#units_state"), "h");
  assert.equal(page.value("#units_unit"), "1");
  const cell = /** @type {HTMLOptionElement} */ (page.get("#units_state option[value=c]"));
  assert.equal(cell.disabled, true);
  page.connection.emit("state", state({ version: 3 }));
  assert.equal(cell.disabled, false);
});

test("a unit, layer or state that the new network also has stays selected", async (t) => {
  const page = await openUnits(t);
  await page.choose("#units_layer", "2");
  await page.choose("#units_state", "c");
  page.connection.emit("state", state({ version: 2 }));
  assert.deepEqual([page.value("#units_layer"), page.value("#units_state")], ["2", "c"]);
});

test("units are ranked by their correlation with the feature, and a click selects one", async (t) => {
  const page = await openUnits(t);
  assert.deepEqual(page.connection.sent("find_units"), [{ feature: "word_position", state: "h" }]);
  assert.equal(page.state("#units_finding"), "shown");
  assert.deepEqual(ranking(page), [
    ["layer 2, unit 3", "0.80", "false"],
    ["layer 1, unit 1", "−0.46", "true"],
  ]);
  const bars = page.all(".found-bar").slice(0, 2);
  assert.deepEqual(
    bars.map((bar) => [bar.style.getPropertyValue("--size"), bar.matches(".against")]),
    [
      ["0.8", false],
      ["0.456", true],
    ],
  );
  page.get(".found-unit").focus();
  await page.click(".found-unit");
  assert.deepEqual([lastAsked(page).layer, lastAsked(page).unit], [2, "3"]);
  assert.deepEqual([page.value("#units_layer"), page.value("#units_unit")], ["2", "3"]);
  assert.deepEqual(
    ranking(page).map(([, , pressed]) => pressed),
    ["true", "false"],
  );
  assert.equal(document.activeElement, page.get(".found-unit"));
});

test("the rows of the ranking are reused while units move, and keep the focus", async (t) => {
  const page = await openUnits(t);
  const buttons = page.all(".found-unit");
  buttons[1]?.focus();
  page.connection.answers("find_units", findUnitsResult([1, 2, 0.9], [2, 2, 0.7], [1, 1, 0.1]));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(1_480);
  assert.equal(ranking(page).length, 2); // it is refreshed less often than the units
  await page.tick(30);
  assert.deepEqual(
    ranking(page).map(([name]) => name),
    ["layer 1, unit 2", "layer 2, unit 2", "layer 1, unit 1"],
  );
  assert.deepEqual(page.all(".found-unit"), buttons);
  assert.equal(document.activeElement, buttons[1]);
});

test("another feature is requested at once, and one that the text lacks empties the list", async (t) => {
  const page = await openUnits(t);
  page.connection.answers("find_units", findUnitsResult());
  await page.choose("#units_feature", "digit");
  assert.equal(page.connection.sent("find_units").at(-1).feature, "digit");
  assert.deepEqual(ranking(page), []);
  assert.equal(page.state("#units_finding"), "empty");
  assert.match(textOf(page.get("#units_finding_outcome")), /\b1,234\b/);
  page.connection.answers("find_units", refused("unknown_feature", "feature"));
  await page.choose("#units_feature", "brackets");
  assert.equal(page.errorCode("#units_feature_error"), "unknown_feature");
  page.connection.answers("find_units", refused("busy"));
  await page.choose("#units_feature", "quotes");
  assert.equal(page.errorCode("#units_finding_wait"), "busy");
  assert.equal(page.errorCode("#units_wait"), null);
});

test("the list of units is requested only while it is in view", async (t) => {
  const page = openPage(t, { only: "#panel_units" });
  page.mount("#panel_units", units);
  page.connection.begin();
  page.store.setProbeText(TEXT);
  await page.scrollTo("#panel_units > summary"); // only the summary is in view
  assert.deepEqual([page.connection.sent("units"), page.connection.sent("find_units")], [[], []]);
  await page.scrollTo("#units_one");
  assert.equal(page.connection.sent("units").length, 1);
  assert.deepEqual(page.connection.sent("find_units"), []);
  await page.scrollTo("#units_finding");
  assert.equal(page.connection.sent("find_units").length, 1);
});
