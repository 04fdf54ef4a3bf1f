/** The order of the panels in the document, which the keyboard and screen readers follow. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import * as readingOrder from "../../static/js/header/reading_order.js";

const NARROW = "(max-width: 47.99rem)";
const ORDER =
  "#panel_introduction, #panel_controls, #panel_stats, #panel_samples, #samples, #temperature_slider";

/** @param {ReturnType<typeof openPage>} page */
function order(page) {
  return page.all(ORDER).map(({ id }) => id.replace("panel_", ""));
}

const WIDE = ["introduction", "controls", "stats", "samples", "temperature_slider", "samples"];
const PHONE = ["stats", "samples", "samples", "temperature_slider", "controls", "introduction"];

test("on a narrow page, the panels have the order of the screen, and focus stays", (t) => {
  const page = openPage(t);
  page.mount(".page-grid", readingOrder);
  assert.deepEqual(order(page), WIDE);
  page.get("#lr_typed").focus();
  page.media(NARROW, true);
  assert.deepEqual(order(page), PHONE);
  page.media(NARROW, false);
  assert.deepEqual(order(page), WIDE);
  assert.equal(document.activeElement, page.get("#lr_typed"));
});

test("a page that opens on a phone has the order of the screen at once", (t) => {
  const page = openPage(t);
  page.media(NARROW, true);
  page.mount(".page-grid", readingOrder);
  assert.deepEqual(order(page), PHONE);
});
