import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { openDetails, rowsOf } from "./support/results.js";
import { DataTable } from "../../static/js/ui/data_table.js";

test("the table is filled only while it is open, and unchanged cells are reused", async (t) => {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML =
    '<details class="data-table"><summary></summary><table><tbody></tbody></table></details>';
  const table = new DataTable(document.body);
  table.show([
    ["a", "1"],
    ["b", "2"],
  ]);
  assert.deepEqual(rowsOf(page, ".data-table"), []);
  await openDetails(page, ".data-table");
  assert.deepEqual(rowsOf(page, ".data-table"), [
    ["a", "1"],
    ["b", "2"],
  ]);
  const [heading, cell] = page.all("tbody tr:first-child > *");
  assert.deepEqual([heading?.tagName, heading?.getAttribute("scope")], ["TH", "row"]);
  const textNode = heading?.firstChild;
  table.show([["a", "3"]]);
  assert.deepEqual(rowsOf(page, ".data-table"), [["a", "3"]]);
  assert.equal(page.get("tbody td"), cell);
  assert.equal(heading?.firstChild, textNode);
  await openDetails(page, ".data-table"); // which closes it
  table.show([]);
  assert.deepEqual(rowsOf(page, ".data-table"), [["a", "3"]]);
});
