import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import * as hints from "../../static/js/header/hints.js";

test("dismissing the hints hides them for good and moves the focus to the heading", async (t) => {
  const page = openPage(t, { only: "#panel_introduction" });
  page.mount("#panel_introduction", hints);
  assert.equal(page.get("#hints").hidden, false);
  assert.ok(page.get("#hints").ariaLabel);
  assert.equal(page.all("#hints li").length, 4);
  page.get("#hints_seen").focus();
  await page.click("#hints_seen");
  assert.equal(page.get("#hints").hidden, true);
  assert.equal(document.activeElement?.id, "heading_introduction");
});

test("every link of the hints and explanations leads to an element of the page", (t) => {
  const page = openPage(t);
  assert.equal(page.all(".explained dt").length, page.all(".explained dd").length);
  const links = page.all(".explained a, #hints a").map((link) => link.getAttribute("href") ?? "");
  assert.ok(links.length >= 7);
  for (const link of links) assert.equal(page.all(link).length, 1, link);
});
