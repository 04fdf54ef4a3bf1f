import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, OPTIONS, state } from "./support/state.js";
import uPlot from "uplot";
import * as curve from "../../static/js/curve/panel.js";

/** @import { Curve } from "../../static/js/protocol" */
/** @typedef {ReturnType<typeof openPage>} Page */
/** @typedef {{validation?: number, rate?: number, set?: number}} More */
/** @typedef {[step: number, perplexity: number | null, more?: More]} Point */

/** The plot area, without the axes. */
const SIZE = { width: 600, height: 240 };
const LEFT = 42;
const WIDTH = 544;

const PREFERENCES = "charnn.preferences";

/** @type {Point[]} a perplexity at step 60 that is halfway between the others on a logarithmic axis */
const POINTS = [
  [0, 16],
  [60, 4],
  [200, 1],
];
/** @type {Point[]} a hundred points, ten steps apart */
const LONG = Array.from({ length: 100 }, (_, index) => [10 * (index + 1), 30 - index / 5]);

/**
 * @param {import("node:test").TestContext} t
 * @param {Point[]} points
 * @param {Record<string, string>} [remembered]
 */
async function openCurve(t, points, remembered = {}) {
  const page = openPage(t, { only: ".curve", remembered });
  page.resize("#pplgraph", SIZE);
  page.resize("#curve_stage", SIZE);
  page.mount(".curve", curve);
  page.connection.begin({ curve: curveOf(points), steps: points.at(-1)?.[0] ?? 0 });
  await page.settle();
  return page;
}

/**
 * @param {Point[]} points
 * @param {number} [start]
 * @returns {Curve}
 */
function curveOf(points, start = 0) {
  return {
    version: 1,
    start,
    points: points.map(([step, perplexity, { validation, rate, set } = {}]) => [
      step,
      perplexity,
      validation ?? null,
      rate ?? set ?? 0.01,
      set ?? null,
    ]),
  };
}

/**
 * Restart with another network and curve.
 *
 * @param {Page} page
 * @param {number} version
 * @param {Point[]} points
 * @param {object} [changes]
 */
async function restart(page, version, points, changes = {}) {
  page.connection.emit("state", state({ version, curve: curveOf(points), ...changes }));
  await page.settle();
}

/**
 * The y coordinates of lines on the canvas that end at x.
 *
 * @param {Page} page
 * @param {number} x
 * @returns {number[]}
 */
function heights(page, x) {
  return page.drawn
    .filter(([name, at]) => name === "lineTo" && Math.round(Number(at)) === x)
    .map(([, , y]) => Number(y));
}

/**
 * The visible range in the status; empty for the whole curve.
 *
 * @param {Page} page
 */
function view(page) {
  const numbers = page.get("#curve_view").textContent?.match(/[\d,]+/g) ?? [];
  return numbers.map((number) => Number(number.replaceAll(",", "")));
}

/**
 * @param {Page} page
 * @param {string} type
 * @param {number} share of the plot's width
 */
function point(page, type, share) {
  const options = { clientX: share * WIDTH, clientY: 50, bubbles: true };
  page.get(".u-over").dispatchEvent(new MouseEvent(type, options));
}

/**
 * Select a range of the plot by dragging.
 *
 * @param {Page} page
 * @param {number} start
 * @param {number} end
 */
async function drag(page, start, end) {
  point(page, "mouseenter", start);
  point(page, "mousemove", start);
  point(page, "mousedown", start);
  point(page, "mousemove", end);
  const options = { clientX: end * WIDTH, clientY: 50 };
  documentOfPlots().dispatchEvent(new MouseEvent("mouseup", options));
  await page.settle();
}

/** The window at the import of uPlot, which listens for mouse events there. */
function documentOfPlots() {
  const plot = new uPlot({ width: 1, height: 1, series: [{}] }, [[0]], () => {});
  return plot.root.ownerDocument;
}

/** @param {Page} page */
function marks(page) {
  return page.all("#curve_marks li").map(({ textContent }) => textContent ?? "");
}

/** @param {Page} page */
async function openTable(page) {
  await toggleTable(page, true);
}

/**
 * @param {Page} page
 * @param {boolean} open
 */
async function toggleTable(page, open) {
  const details = /** @type {HTMLDetailsElement} */ (page.get("#curve_table"));
  details.open = open;
  details.dispatchEvent(new Event("toggle"));
  await page.settle();
}

/** @param {Page} page */
function rows(page) {
  return page
    .all("#curve_table tbody tr")
    .map(({ children }) => [...children].map(({ textContent }) => textContent));
}

function preferences() {
  return JSON.parse(localStorage.getItem(PREFERENCES) ?? "{}");
}

test("the curve is empty before the first point, then each point is drawn", async (t) => {
  const page = await openCurve(t, []);
  assert.equal(page.state(".curve"), "empty");
  page.drawn.length = 0;
  page.connection.emit("frame", frame({ curve: curveOf([[0, 16], [60, 4]]) })); // prettier-ignore
  page.connection.emit("frame", frame({ curve: curveOf([[200, 1]], 2) }));
  await page.settle();
  assert.equal(page.state(".curve"), "whole");
  assert.ok(heights(page, 205).length > 0);
  assert.equal(page.all(".u-legend").length, 0);
  const csv = /** @type {HTMLAnchorElement} */ (page.get("#curve_csv"));
  assert.deepEqual(
    [new URL(csv.href).pathname, csv.download],
    ["/api/history.csv", "charnn-history.csv"],
  );
});

test("the axis is logarithmic unless the stored choice is linear", async (t) => {
  const page = await openCurve(t, POINTS);
  const middle = LEFT + Math.round((WIDTH * 60) / 200);
  /** The relative height of the middle point, between the first and the last. */
  const share = () => {
    const at = page.drawn.findIndex(([name, x]) => name === "lineTo" && x === middle);
    const [high = 0, between = 0, low = 0] = page.drawn
      .slice(at - 1, at + 2)
      .map((call) => Number(call[2]));
    page.drawn.length = 0;
    return ((between - high) / (low - high)).toFixed(1);
  };
  assert.equal(share(), "0.5"); // 4 of 16 to 1
  await page.click("#curve_linear");
  assert.equal(share(), "0.8");
  assert.deepEqual(preferences(), { "curve.linear": true });
  await page.click("#curve_logarithmic");
  assert.equal(share(), "0.5");
  assert.deepEqual(preferences(), { "curve.linear": false });
});

test("the stored axis and visibility of previous runs apply on the next visit", async (t) => {
  const stored = JSON.stringify({ "curve.linear": true, "curve.earlier": false });
  const page = await openCurve(t, POINTS, { [PREFERENCES]: stored });
  const checked = ["linear", "logarithmic", "earlier"].map(
    (name) => /** @type {HTMLInputElement} */ (page.get(`#curve_${name}`)).checked,
  );
  assert.deepEqual(checked, [true, false, false]);
});

test("the curve works without localStorage", async (t) => {
  const page = openPage(t, { only: ".curve" });
  const get = () => {
    throw new Error("not for this page");
  };
  Object.defineProperty(globalThis, "localStorage", { get, configurable: true });
  page.resize("#pplgraph", SIZE);
  page.mount(".curve", curve);
  page.connection.begin({ curve: curveOf(POINTS) });
  await page.click("#curve_linear");
  assert.equal(/** @type {HTMLInputElement} */ (page.get("#curve_linear")).checked, true);
  assert.equal(page.state(".curve"), "whole");
});

test("a selected range stays in view while the curve grows, until a double click", async (t) => {
  const page = await openCurve(t, LONG);
  assert.equal(page.get("#curve_view").getAttribute("role"), "status");
  await drag(page, 0.2, 0.6);
  assert.equal(page.state(".curve"), "part");
  assert.deepEqual(view(page), [200, 600]);
  page.drawn.length = 0;
  page.connection.emit("frame", frame({ curve: curveOf([[5_000, 2]], 100) }));
  await page.settle();
  assert.equal(page.state(".curve"), "part");
  assert.ok(heights(page, LEFT + WIDTH / 2).length > 0); // step 400
  assert.deepEqual(view(page), [200, 600]);
  page.get("#curve_stage").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  await page.settle();
  assert.equal(page.state(".curve"), "whole");
  assert.deepEqual(view(page), []);
});

test("a tiny drag selects nothing", async (t) => {
  const page = await openCurve(
    t,
    Array.from({ length: 500 }, (_, step) => [step, 9]),
  );
  await drag(page, 0.5, 0.5 + 7 / WIDTH);
  assert.equal(page.state(".curve"), "whole");
  await drag(page, 0.5, 0.5 + 9 / WIDTH);
  assert.equal(page.state(".curve"), "part");
});

test("the keyboard zooms, pans and resets the zoom", async (t) => {
  const page = await openCurve(t, LONG);
  assert.equal(page.get("#curve_stage").tabIndex, 0);
  assert.equal(page.press("#curve_stage", "+"), false);
  assert.deepEqual(view(page), [250, 750]);
  page.press("#curve_stage", "ArrowRight");
  assert.deepEqual(view(page), [375, 875]);
  page.press("#curve_stage", "=");
  assert.deepEqual(view(page), [500, 750]);
  page.press("#curve_stage", "-");
  assert.deepEqual(view(page), [375, 875]);
  for (let times = 0; times < 5; times++) page.press("#curve_stage", "ArrowLeft");
  assert.deepEqual(view(page), [0, 500]); // the limit
  page.press("#curve_stage", "0");
  assert.equal(page.state(".curve"), "whole");
  page.press("#curve_stage", "ArrowRight"); // no effect on the whole curve
  assert.equal(page.state(".curve"), "whole");
});

test("other keys, and shortcuts of the browser, are ignored", async (t) => {
  const page = await openCurve(t, LONG);
  for (const key of ["a", "Tab", "ArrowDown", "PageDown"]) {
    assert.equal(page.press("#curve_stage", key), true);
  }
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(page.press("#curve_stage", "+", { [modifier]: true }), true);
  }
  assert.equal(page.state(".curve"), "whole");
});

test("the buttons zoom as well, and are disabled at the limits", async (t) => {
  const page = await openCurve(t, LONG);
  await page.click("#curve_closer");
  assert.deepEqual(view(page), [250, 750]);
  for (let times = 0; times < 30; times++) page.get("#curve_closer").click();
  const [from = 0, to = 0] = view(page);
  assert.ok(to - from >= 40 && to - from < 80, `${to - from} steps`); // at least four points
  for (let times = 0; times < 30; times++) page.get("#curve_wider").click();
  assert.equal(page.state(".curve"), "whole");
  await page.click("#curve_closer");
  await page.click("#curve_whole");
  assert.equal(page.state(".curve"), "whole");
});

test("a touch pans a zoomed curve, and does nothing on the whole curve", async (t) => {
  const page = await openCurve(t, LONG);
  const stage = page.get("#curve_stage");
  /** @type {(type: string, clientX: number, pointerType?: string) => void} */
  const move = (type, clientX, pointerType = "touch") =>
    void stage.dispatchEvent(Object.assign(new MouseEvent(type, { clientX }), { pointerType }));
  move("pointerdown", 300);
  move("pointermove", 100);
  move("pointerup", 100);
  assert.equal(page.state(".curve"), "whole");
  await page.click("#curve_closer"); // 250 to 750
  move("pointerdown", 300);
  move("pointermove", 180); // a fifth of the width
  assert.deepEqual(view(page), [350, 850]);
  move("pointermove", 240);
  assert.deepEqual(view(page), [300, 800]);
  move("pointercancel", 240);
  move("pointermove", 0);
  move("pointerdown", 300, "mouse"); // the mouse selects a range
  move("pointermove", 0, "mouse");
  assert.deepEqual(view(page), [300, 800]);
});

test("a new network resets the zoom", async (t) => {
  const page = await openCurve(t, LONG);
  await page.click("#curve_closer");
  await restart(page, 2, POINTS);
  assert.equal(page.state(".curve"), "whole");
});

test("a changed learning rate is annotated at its step, with a focusable label", async (t) => {
  const page = await openCurve(t, [
    [0, 16, { set: 0.01 }],
    [100, 8, { set: 0.01, rate: 0.005 }], // a scheduled change
    [200, 4, { set: 0.01 }],
  ]);
  assert.equal(page.get("#curve_marks").hidden, true);
  page.connection.emit("frame", frame({ curve: curveOf([[400, 2, { set: 0.001 }]], 3) }));
  await page.settle();
  const [label = ""] = marks(page);
  assert.deepEqual(label.match(/\d[\d.]*/g), ["0.01", "0.001", "200"]);
  const head = page.get("#curve_marks li");
  assert.equal(head.tabIndex, 0);
  assert.equal(head.style.getPropertyValue("--left"), `${LEFT + WIDTH / 2}px`);
  head.focus();
  page.connection.emit("frame", frame({ curve: curveOf([[800, 2, { set: 0.001 }]], 4) }));
  await page.settle();
  assert.equal(document.activeElement, head);
  assert.equal(head.style.getPropertyValue("--left"), `${LEFT + WIDTH / 4}px`);
  point(page, "mousemove", 0.25);
  assert.ok(head.matches(".near"));
  point(page, "mousemove", 0.5);
  assert.ok(!head.matches(".near"));
});

test("nearby annotations share a label, and those out of view have none", async (t) => {
  const page = await openCurve(t, [
    ...LONG.slice(0, 90),
    [910, 9, { set: 0.01 }],
    [920, 9, { set: 0.001 }],
    [930, 9, { set: 0.001 }],
    [940, 9, { set: 0.001 }],
    [950, 9, { set: 0.001 }],
    [960, 9, { set: 0.0001 }],
    [1_000, 9, { set: 0.0001 }],
  ]);
  const [label = "", ...others] = marks(page);
  assert.deepEqual(label.match(/\b9\d0\b/g), ["910", "950"]);
  assert.deepEqual(others, []);
  assert.ok(page.get("#curve_marks li").matches(".to-the-left")); // no space on the right
  await drag(page, 0.1, 0.5);
  assert.equal(page.get("#curve_marks").hidden, true);
});

test("the previous run is drawn behind the current one unless it is hidden, which is stored", async (t) => {
  const page = await openCurve(t, POINTS);
  assert.ok(page.get(".curve-earlier").matches(".none"));
  page.drawn.length = 0;
  const options = { ...OPTIONS, kind: /** @type {const} */ ("gru") };
  await restart(page, 2, [[0, 20], [200, 18]], { options }); // prettier-ignore
  const between = LEFT + Math.round((WIDTH * 60) / 200);
  assert.equal(heights(page, between).length, 1); // only the previous run had a point there
  assert.ok(!page.get(".curve-earlier").matches(".none"));
  assert.match(page.get("#curve_earlier_name").textContent ?? "", /^1\b/);
  assert.match(marks(page)[0] ?? "", /\bgru\b.*20, 20/);
  await openTable(page);
  const list = page.get("#curve_earlier_list");
  assert.match(list.textContent ?? "", /\blstm\b.*20, 20.*1\.00.*200/);

  page.drawn.length = 0;
  await page.click("#curve_earlier");
  await page.tick(5_000);
  assert.deepEqual(heights(page, between), []);
  assert.equal(list.childElementCount, 0);
  assert.deepEqual(preferences(), { "curve.earlier": false });
  await page.click("#curve_earlier");
  assert.equal(heights(page, between).length, 1);
});

test("the text description has the curve's values and previous runs, and is updated every five seconds", async (t) => {
  const page = await openCurve(t, [
    [0, 16],
    [60, 4, { validation: 5.5 }],
    [200, 1],
  ]);
  const label = () => page.get("#pplgraph").ariaLabel?.match(/\d[\d.]*/g) ?? [];
  assert.equal(page.get("#pplgraph").getAttribute("role"), "img");
  assert.deepEqual(label(), []);
  await page.tick(5_000);
  assert.deepEqual(label(), ["16.00", "1.00", "200", "5.50"]);
  await restart(page, 2, [[0, 20], [50, null]]); // prettier-ignore
  await page.tick(5_000);
  assert.deepEqual(label(), ["20.00", "20.00", "50", "1"]);
});

test("the point under the pointer is described with all its values", async (t) => {
  const page = await openCurve(t, [
    [0, 16],
    [1_000, 4.321, { validation: 5.5, rate: 0.0012345 }],
    [2_000, 1],
  ]);
  const reading = () => page.get("#pplgraph_reading").textContent?.match(/\d[\d.]*(,\d+)?/g) ?? [];
  point(page, "mousemove", 0.5);
  assert.deepEqual(reading(), ["4.32", "5.50", "1,000", "0.00123"]);
  point(page, "mousemove", 1);
  assert.deepEqual(reading(), ["1.00", "2,000", "0.01"]);
  point(page, "mouseleave", 1);
  assert.deepEqual(reading(), []);
  assert.equal(page.get("#pplgraph_reading").ariaHidden, "true");
});

test("the open table has up to twenty points of the visible range, the latest last", async (t) => {
  const page = await openCurve(t, LONG);
  await page.tick(5_000);
  assert.equal(rows(page).length, 0);
  await openTable(page);
  assert.equal(rows(page).length, 20);
  assert.deepEqual(rows(page).at(-1), ["1,000", "10.20", "–", "0.01"]);
  const row = page.get("#curve_table tbody tr");
  await page.click("#curve_closer"); // 250 to 750
  const steps = rows(page).map(([step]) => Number(step));
  assert.ok(steps.length > 10 && Math.min(...steps) >= 250 && Math.max(...steps) === 750);
  assert.equal(page.get("#curve_table tbody tr"), row);
  await page.click("#curve_whole");
  page.connection.emit(
    "frame",
    frame({ curve: curveOf([[1_010, null, { validation: 3, rate: 0.00012345 }]], 100) }),
  );
  assert.deepEqual(rows(page).at(-1)?.[0], "1,000"); // it is not updated while it is read
  await page.tick(5_000);
  assert.deepEqual(rows(page).at(-1), ["1,010", "–", "3.00", "0.000123"]);
  await toggleTable(page, false);
  assert.equal(rows(page).length, 0);
});

test("the PNG export is larger than the plot and has a legend", async (t) => {
  const page = await openCurve(t, [[0, 16], [200, 4, { validation: 5 }]]); // prettier-ignore
  const click = t.mock.method(HTMLAnchorElement.prototype, "click", () => {});
  const toBlob = t.mock.method(HTMLCanvasElement.prototype, "toBlob");
  const save = async () => {
    page.drawn.length = 0;
    await page.click("#curve_png");
    await page.settle();
    // The labels of the legend, all at one height.
    return page.drawn.filter(([name, , , y]) => name === "fillText" && y === 34).length;
  };
  assert.equal(await save(), 3); // training, validation, learning rate
  const canvas = /** @type {any} */ (toBlob.mock.calls[0]?.this);
  assert.deepEqual([canvas.width, canvas.height], [1_240, 668]);
  assert.equal(toBlob.mock.calls[0]?.arguments[1], "image/png");
  assert.ok(page.drawn.some(([name]) => name === "drawImage"));
  const link = /** @type {any} */ (click.mock.calls[0]?.this);
  assert.equal(link.download, "charnn-curve.png");
  assert.match(link.href, /^blob:/);
  await restart(page, 2, [[0, 20], [200, 4]]); // prettier-ignore
  assert.equal(await save(), 3); // training, learning rate, previous run
});

test("the curve is redrawn when the scheme or the size changes", async (t) => {
  const page = await openCurve(t, POINTS);
  page.drawn.length = 0;
  window.dispatchEvent(new Event("schemechange"));
  await page.settle();
  assert.ok(page.drawn.length > 0);
  assert.equal(page.all("#pplgraph .uplot").length, 1);
  page.resize("#pplgraph", { width: 300, height: 200 });
  await page.settle();
  const canvas = /** @type {HTMLCanvasElement} */ (page.get("#pplgraph canvas"));
  assert.deepEqual([canvas.width, canvas.height], [300, 200]);
});
