import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame } from "./support/state.js";
import * as tour from "../../static/js/header/tour.js";
import { STEPS } from "../../static/js/header/tour_steps.js";
import * as completion from "../../static/js/panels/completion.js";
import * as controls from "../../static/js/panels/controls.js";
import * as samples from "../../static/js/panels/samples.js";

const STILL = "(prefers-reduced-motion: reduce)";
/** Longer than the tour takes to move a slider or to type. */
const DONE_MS = 3_000;

/** @typedef {ReturnType<typeof openPage>} Page */

/**
 * A page with a network that trains, and the panels that the tour uses.
 *
 * @param {import("node:test").TestContext} t
 */
function openTour(t) {
  const page = openPage(t);
  page.mount("#panel_controls", controls);
  page.mount("#panel_samples", samples);
  page.mount("#panel_complete", completion);
  page.mount("body", tour);
  page.connection.answers("set", { ok: true });
  page.connection.begin({ learning_rate: 0.01, temperature: 0.7 });
  return page;
}

/**
 * Start the tour and go on to the step that uses a control.
 *
 * @param {Page} page
 * @param {string} control
 */
async function goTo(page, control) {
  await page.click("#tour_open");
  const index = STEPS.findIndex((step) => step.control?.includes(control));
  for (let step = 0; step < index; step += 1) await page.click("#tour_next");
}

/**
 * The last value that was sent.
 *
 * @param {Page} page
 * @param {"learning_rate" | "temperature"} name
 */
function sent(page, name) {
  return Number(page.connection.sent("set").findLast((set) => name in set)?.[name]);
}

test("the tour starts when it is asked for, never by itself", async (t) => {
  const page = openTour(t);
  await page.tick(60_000);
  assert.equal(page.state("#tour"), "closed");
  assert.ok(page.get("#tour").hidden);
  await page.click("#tour_open");
  assert.equal(page.state("#tour"), "shown");
  assert.equal(document.activeElement?.id, "tour_title");
});

test("every step points at one element of the page, and its control is there", async (t) => {
  const page = openTour(t);
  await page.click("#tour_open");
  for (const [index, { target, opens, control, action }] of STEPS.entries()) {
    assert.ok(page.get(target).matches(".tour-target"));
    assert.equal(page.all(".tour-target").length, 1);
    if (opens) assert.ok(page.get(opens).hasAttribute("open"));
    if (control?.startsWith("#units")) assert.ok(page.get("#units_finding .found-unit"));
    else if (control) assert.ok(page.get(control));
    assert.equal(page.get("#tour_do").hidden, !action);
    assert.equal(page.get("#tour_back").hidden, index === 0);
    assert.equal(document.activeElement?.id, "tour_title");
    await page.click("#tour_next");
  }
  assert.equal(page.state("#tour"), "closed");
  assert.equal(page.all(".tour-target").length, 0);
  assert.equal(document.activeElement?.id, "tour_open");
});

test("the tour lowers the learning rate and brings it back", async (t) => {
  const page = openTour(t);
  await goTo(page, "#lr_slider");
  page.get("#tour_do").click();
  await page.tick(DONE_MS);
  assert.equal(page.state("#tour"), "done");
  assert.equal(sent(page, "learning_rate"), 0.001);
  await page.click("#tour_next");
  assert.equal(page.state("#tour"), "shown");
  page.get("#tour_do").click();
  await page.tick(DONE_MS);
  assert.equal(page.state("#tour"), "done");
  assert.equal(sent(page, "learning_rate"), 0.01);
});

test("a step that the visitor does counts as well", async (t) => {
  const page = openTour(t);
  await goTo(page, "#lr_slider");
  page.type("#temperature_slider", "-1");
  page.type("#lr_slider", "-2.1"); // not far enough
  assert.equal(page.state("#tour"), "shown");
  page.type("#lr_slider", "-3");
  assert.equal(page.state("#tour"), "done");
  assert.notEqual(page.get("#tour_outcome").textContent, "");
});

test("with reduced motion a slider moves at once", async (t) => {
  const page = openTour(t);
  page.media(STILL, true);
  await goTo(page, "#temperature_slider");
  await page.click("#tour_do");
  assert.equal(page.state("#tour"), "done");
  assert.ok(sent(page, "temperature") < 0.3);
});

test("the temperature is what it was when the tour goes on or is left", async (t) => {
  const page = openTour(t);
  page.media(STILL, true);
  for (const end of ["#tour_next", "#tour_leave"]) {
    await goTo(page, "#temperature_slider");
    await page.click("#tour_next"); // to the step that turns it up
    await page.click("#tour_do");
    await page.tick(DONE_MS);
    assert.ok(sent(page, "temperature") > 1);
    await page.click(end);
    await page.tick(DONE_MS);
    assert.equal(sent(page, "temperature"), 0.7);
    page.connection.emit("frame", frame({ temperature: 0.7 }));
    await page.click("#tour_leave");
  }
});

test("a rate that the tour has not moved is left to its schedule", async (t) => {
  const page = openTour(t);
  await goTo(page, "#lr_slider");
  page.connection.emit("frame", frame({ learning_rate: 0.002 }));
  await page.click("#tour_leave");
  assert.deepEqual(page.connection.sent("set"), []);
});

test("the tour types a beginning that the network can read", async (t) => {
  const page = openTour(t);
  await goTo(page, "#complete_prime");
  page.get("#tour_do").click();
  await page.tick(DONE_MS);
  assert.equal(page.state("#tour"), "done");
  assert.equal(page.value("#complete_prime"), "a ");
  assert.equal(page.connection.sent("complete").at(-1)?.prime, "a ");
});

test("the tour enters a line of the text with its last word backwards", async (t) => {
  const page = openTour(t);
  page.media(STILL, true);
  await goTo(page, "#look_text");
  await page.click("#tour_do");
  assert.equal(page.value("#look_text"), "a cat tas");
});

test("the tour presses the best unit as soon as there is one", async (t) => {
  const page = openTour(t);
  await goTo(page, "found-unit");
  page.get("#tour_do").click();
  await page.tick(DONE_MS);
  assert.equal(page.state("#tour"), "shown");
  const pressed = new Promise((resolve) => {
    page.get(".found-unit").addEventListener("click", () => resolve(true));
  });
  page.get("#units_finding .found li").hidden = false;
  await page.tick(DONE_MS);
  assert.ok(await pressed);
  assert.equal(page.state("#tour"), "done");
});

test("a paused network resumes, so that there is something to see", async (t) => {
  const page = openTour(t);
  page.connection.emit("frame", frame({ status: "paused" }));
  await page.click("#tour_open");
  assert.deepEqual(page.connection.sent("resume"), [{}]);
});

test("Escape leaves the tour, and the focus returns to where it began", async (t) => {
  const page = openTour(t);
  page.get("#hints .tour-start").click();
  page.press("#tour_title", "Escape");
  assert.equal(page.state("#tour"), "closed");
  assert.equal(document.activeElement, page.get("#hints .tour-start"));
});

test("a tour that is left stops moving the slider", async (t) => {
  const page = openTour(t);
  await goTo(page, "#lr_slider");
  page.get("#tour_do").click();
  await page.tick(200);
  await page.click("#tour_leave");
  await page.tick(DONE_MS);
  assert.equal(sent(page, "learning_rate"), 0.01);
});
