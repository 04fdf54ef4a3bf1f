import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { withBusy } from "../../static/js/ui/dom.js";

test("a button is busy from the click until the answer, and not after a failure", async (t) => {
  openPage(t, { variant: "blank" });
  const button = document.createElement("button");
  assert.equal(await withBusy(button, async () => button.ariaBusy), "true");
  assert.equal(button.ariaBusy, null);
  const fail = () => Promise.reject(new Error("no"));
  await assert.rejects(withBusy(button, fail), { message: "no" });
  assert.equal(button.ariaBusy, null);
});
