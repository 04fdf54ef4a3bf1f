/** Numeric fields of several panels: each shows its error, and requests respect the rate limit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused } from "./support/state.js";
import * as controls from "../../static/js/panels/controls.js";
import * as notices from "../../static/js/ui/notices.js";
import * as samples from "../../static/js/panels/samples.js";

/** The server's default limit of events per second. */
const MAX_PER_SECOND = 20;

/** @param {import("node:test").TestContext} t */
function openFields(t) {
  const page = openPage(t, { only: "#panel_controls, #panel_samples, #notices" });
  page.mount("#panel_controls", controls);
  page.mount("#panel_samples", samples);
  page.mount("#notices", notices);
  page.connection.begin();
  page.connection.answers("set", { ok: true });
  return page;
}

test("every option shows its error until it is edited", async (t) => {
  const page = openFields(t);
  for (const [option, wrong, valid] of /** @type {const} */ ([
    ["hidden_sizes", "20,,", "3"],
    ["letter_size", "2.5", "6"],
    ["l2", "x", "0"],
    ["learning_rate", "NaN", "0.02"],
    ["clip", "0", "4"],
    ["schedule_epochs", "-1", "7"],
    ["validation_fraction", "0.9", "0.1"],
    ["kind", "gru", "rnn"],
    ["schedule", "halve", "cosine"],
  ])) {
    page.connection.answers("learn", refused("out_of_range", option));
    await page.choose(`#opt_${option}`, wrong);
    await page.click("#learn");
    assert.equal(page.connection.sent("learn").at(-1).options[option], wrong);
    assert.equal(page.errorCode(`#${option}_error`), "out_of_range");
    assert.equal(page.get(`#${option}_error`).role, "alert");
    assert.equal(page.get(`#opt_${option}`).ariaInvalid, "true");
    assert.equal(page.value(`#opt_${option}`), wrong);
    assert.equal(page.all("[data-code]").length, 1);
    await page.choose(`#opt_${option}`, valid);
    assert.equal(page.errorCode(`#${option}_error`), null);
    assert.equal(page.get(`#opt_${option}`).ariaInvalid, null);
  }
  assert.equal(page.state("#notices"), "empty");
});

for (const [slider, name, low, high] of /** @type {const} */ ([
  ["#lr_slider", "learning_rate", 0, 1],
  ["#temperature_slider", "temperature", 0.01, 20],
])) {
  test(`the slider range of the ${name} is within the server's limits`, async (t) => {
    const page = openFields(t);
    const { min, max } = /** @type {HTMLInputElement} */ (page.get(slider));
    for (const end of [min, max]) {
      page.type(slider, end);
      await page.tick(110);
    }
    const sent = page.connection.sent("set").map((change) => change[name]);
    assert.equal(sent.length, 2);
    for (const value of sent) assert.ok(value > low && value <= high);
  });
}

test("continuous sliding respects the server's rate limit and ends with the last value", async (t) => {
  const page = openFields(t);
  for (let moved = 0; moved < 200; moved++) {
    page.type("#temperature_slider", String((moved % 20) / 20));
    await page.tick(10);
  }
  await page.tick(200);
  const sent = page.connection.sent("set");
  assert.ok(sent.length > 2 && sent.length < 2 * MAX_PER_SECOND);
  assert.equal(sent.at(-1).temperature, 8.91251); // 10 ** 0.95
});
