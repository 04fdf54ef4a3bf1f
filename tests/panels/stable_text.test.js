import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { renderText, observeWidth, setText } from "../../static/js/ui/stable_text.js";

/**
 * A blank page with an element for a text.
 *
 * @param {import("node:test").TestContext} t
 */
function openElement(t) {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = `<p id="place" style="min-height: 20px"></p>`;
  const element = page.get("#place");
  observeWidth(element);
  return { page, element };
}

test("the height grows with a text, and does not shrink with the next", async (t) => {
  const { page, element } = openElement(t);
  page.resize("#place", { width: 300, height: 60 });
  element.style.minHeight = "20px";
  setText(element, "a long sentence");
  assert.equal(element.style.minHeight, "20px"); // not measured before the next frame
  await page.tick(20);
  assert.equal(element.style.minHeight, "60px");
  page.resize("#place", { width: 300, height: 40 });
  setText(element, "a short one");
  await page.tick(20);
  assert.equal(element.style.minHeight, "60px");
});

test("the height is measured again after the width has changed", async (t) => {
  const { page, element } = openElement(t);
  page.resize("#place", { width: 300, height: 60 });
  element.style.minHeight = "60px";
  page.resize("#place", { width: 300, height: 80 });
  assert.equal(element.style.minHeight, "60px");
  page.resize("#place", { width: 400, height: 60 });
  assert.equal(element.style.minHeight, "");
});

test("a text without spaces may break anywhere, the prompt included", (t) => {
  const { element } = openElement(t);
  const cases = /** @type {const} */ ([
    ["x".repeat(15), "", true],
    ["x".repeat(14), "", false],
    ["x".repeat(14), "y", true],
    [" " + "x".repeat(14), "y".repeat(14), false],
  ]);
  for (const [sentence, prompt, isUnbroken] of cases) {
    renderText(element, sentence, prompt);
    assert.equal(element.classList.contains("unbroken"), isUnbroken);
  }
});

test("the prompt is marked separately from the generated text", (t) => {
  const { element } = openElement(t);
  renderText(element, "<b>on</b>", "and <i>so</i> ");
  assert.equal(element.textContent, "and <i>so</i> <b>on</b>");
  assert.equal(element.firstElementChild?.className, "prompt");
  assert.equal(element.firstElementChild?.textContent, "and <i>so</i> ");
  renderText(element, "anew", "");
  assert.equal(element.childElementCount, 0);
});
