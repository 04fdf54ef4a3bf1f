import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { ProbabilityBars } from "../../static/js/ui/probability_bars.js";

test("each likely character has a row, which is reused, with name, probability and bar", (t) => {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = "<ol><li>old</li></ol>";
  const likeliest = new ProbabilityBars(page.get("ol"));
  const rows = page.all("li");
  assert.equal(rows.length, 5);
  const of = (/** @type {string} */ part) =>
    page.all(`.likely-${part}`).map(({ textContent }) => textContent);
  const bars = () => page.all(".likely-bar").map(({ style }) => style.getPropertyValue("--share"));
  likeliest.show([["", 0.5], ["<b>", 0.25], ["a", 0.125], ["b", 0.1], ["c", 0.0001]], "a"); // prettier-ignore
  assert.deepEqual(of("name"), ["END", "<b>", "a", "b", "c"]);
  assert.deepEqual(of("share"), ["50 %", "25 %", "13 %", "10 %", "< 0.1 %"]);
  assert.deepEqual(bars(), ["0.5", "0.25", "0.125", "0.1", "0.0001"]);
  assert.deepEqual(page.all("li.actual"), [rows[2]]);
  assert.deepEqual(page.all("li.unknown"), []);

  likeliest.show([["a", 1]], ""); // fewer characters than rows
  assert.deepEqual(page.all("li"), rows);
  assert.deepEqual([of("name")[1], of("share")[1], bars()[1]], ["", "", "0"]);
  assert.deepEqual(page.all("li.unknown"), rows.slice(1));
  assert.deepEqual(page.all("li.actual"), []);
});
