import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused } from "./support/state.js";
import * as pretrained from "../../static/js/panels/pretrained.js";

/** @param {import("node:test").TestContext} t */
function openPretrained(t) {
  const page = openPage(t, { only: "#panel_pretrained" });
  page.mount("#panel_pretrained", pretrained);
  page.connection.begin();
  const options = page.all("#pretrained_choice option");
  const names = options.map((option) => /** @type {HTMLOptionElement} */ (option).value);
  const [first = "", second = ""] = names;
  return { page, names, first, second };
}

/** @param {ReturnType<typeof openPage>} page */
function cards(page) {
  return page.all(".card:not([hidden])").map(({ dataset }) => dataset.card);
}

test("each model has its card, and the selected one is shown", async (t) => {
  const { page, names, first } = openPretrained(t);
  assert.ok(names.length > 1);
  assert.deepEqual(cards(page), [first]);
  for (const name of names) {
    await page.choose("#pretrained_choice", name);
    assert.deepEqual(cards(page), [name]);
    const figures = page.all(".card:not([hidden]) dd").map(({ textContent }) => textContent ?? "");
    assert.match(figures[0] ?? "", /^\d+\.\d\d$/);
    assert.match(figures[1] ?? "", /^\d+\.\d\d$/);
  }
});

test("load requests the selected model, once for a double click, and shows the outcome", async (t) => {
  const { page, second } = openPretrained(t);
  assert.equal(page.state("#panel_pretrained"), "ready");
  await page.choose("#pretrained_choice", second);
  await page.click("#loadpretrained");
  await page.click("#loadpretrained");
  assert.deepEqual(page.connection.sent("load_pretrained"), [{ name: second }]);
  assert.equal(page.get("#loadpretrained").ariaBusy, "true");
  assert.equal(page.state("#panel_pretrained"), "busy");
  page.connection.answer("load_pretrained", { ok: true });
  await page.settle();
  assert.equal(page.state("#panel_pretrained"), "loaded");
  assert.equal(page.get("#loadpretrained").ariaBusy, null);
  assert.equal(page.get("#pretrained_outcome").role, "status");
  assert.notEqual(page.get("#pretrained_outcome").textContent, "");
});

test("an error is shown at the button until another model is selected", async (t) => {
  const { page, second } = openPretrained(t);
  page.connection.answers("load_pretrained", refused("too_many_weights", "name"));
  await page.click("#loadpretrained");
  assert.equal(page.state("#panel_pretrained"), "refused");
  assert.equal(page.errorCode("#name_error"), "too_many_weights");
  assert.equal(page.get("#pretrained_outcome").textContent, "");
  await page.choose("#pretrained_choice", second);
  assert.equal(page.state("#panel_pretrained"), "ready");
  assert.equal(page.errorCode("#name_error"), null);
});
