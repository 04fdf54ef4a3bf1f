import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { renderText, observeWidth, setText } from "../../static/js/ui/stable_text.js";

/**
 * A blank page with a place for a sentence.
 *
 * @param {import("node:test").TestContext} t
 */
function openPlace(t) {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = `<p id="place" style="min-height: 20px"></p>`;
  const place = page.get("#place");
  observeWidth(place);
  return { page, place };
}

test("the height grows with a text, and does not shrink with the next", async (t) => {
  const { page, place } = openPlace(t);
  page.resize("#place", { width: 300, height: 60 });
  place.style.minHeight = "20px";
  setText(place, "a long sentence");
  assert.equal(place.style.minHeight, "20px"); // not measured before the page is drawn
  await page.tick(20);
  assert.equal(place.style.minHeight, "60px");
  page.resize("#place", { width: 300, height: 40 });
  setText(place, "a short one");
  await page.tick(20);
  assert.equal(place.style.minHeight, "60px");
});

test("the height is measured again after the width has changed", async (t) => {
  const { page, place } = openPlace(t);
  page.resize("#place", { width: 300, height: 60 });
  place.style.minHeight = "60px";
  page.resize("#place", { width: 300, height: 80 });
  assert.equal(place.style.minHeight, "60px");
  page.resize("#place", { width: 400, height: 60 });
  assert.equal(place.style.minHeight, "");
});

test("a text without spaces may break anywhere, the prompt included", (t) => {
  const { place } = openPlace(t);
  const cases = /** @type {const} */ ([
    ["x".repeat(15), "", true],
    ["x".repeat(14), "", false],
    ["x".repeat(14), "y", true],
    [" " + "x".repeat(14), "y".repeat(14), false],
  ]);
  for (const [sentence, beginning, isUnbroken] of cases) {
    renderText(place, sentence, beginning);
    assert.equal(place.classList.contains("unbroken"), isUnbroken);
  }
});

test("the prompt is marked separately from the generated text", (t) => {
  const { place } = openPlace(t);
  renderText(place, "<b>on</b>", "and <i>so</i> ");
  assert.equal(place.textContent, "and <i>so</i> <b>on</b>");
  assert.equal(place.firstElementChild?.className, "prompt");
  assert.equal(place.firstElementChild?.textContent, "and <i>so</i> ");
  renderText(place, "anew", "");
  assert.equal(place.childElementCount, 0);
});
