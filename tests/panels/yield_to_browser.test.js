import assert from "node:assert/strict";
import { test } from "node:test";
import { yieldToBrowser } from "../../static/js/ui/dom.js";
import { openPage } from "./support/page.js";

test("without a scheduler a timer yields to the browser", async (t) => {
  const page = openPage(t, { variant: "blank" });
  const then = t.mock.fn();
  yieldToBrowser().then(then);
  await page.settle();
  assert.equal(then.mock.callCount(), 0);
  await page.tick(10);
  assert.equal(then.mock.callCount(), 1);
});

test("with a scheduler the browser's own yield is used, which is not throttled in a hidden tab", async (t) => {
  openPage(t, { variant: "blank" }); // its clock is stopped
  const scheduler = { yield: t.mock.fn(async () => {}) };
  Object.assign(globalThis, { scheduler });
  t.after(() => Reflect.deleteProperty(globalThis, "scheduler"));
  await yieldToBrowser();
  assert.equal(scheduler.yield.mock.callCount(), 1);
});
