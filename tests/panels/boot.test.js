/** The classic scripts in the head, which run before the first paint. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";
import { openPage } from "./support/page.js";

const BUNDLE = new URL("../../static/bundle/", import.meta.url);

let runs = 0;

/**
 * Run a script again: a module is evaluated once per URL.
 *
 * @param {"theme" | "first_visit"} name
 */
async function run(name) {
  await import(`../../static/js/boot/${name}.js?run=${++runs}`);
  return document.documentElement.dataset;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} [remembered]
 */
function openBlank(t, remembered) {
  openPage(t, { variant: "blank", remembered });
}

function withoutStore() {
  Object.defineProperty(globalThis, "localStorage", {
    get: () => assert.fail("SecurityError"),
    configurable: true,
  });
}

test("the bundle of both blocks the first paint and precedes every style sheet", (t) => {
  const page = openPage(t);
  const [style] = page.all('link[rel="stylesheet"]');
  const script = page.get(`head > script[src*="/boot-"]`);
  assert.deepEqual(script.getAttributeNames(), ["src"]);
  assert.ok(style && script.compareDocumentPosition(style) & Node.DOCUMENT_POSITION_FOLLOWING);
});

test("the bundle runs both scripts as a classic script", async (t) => {
  openBlank(t, { scheme: "dark" });
  const name = readdirSync(BUNDLE).find((each) => /^boot-.*\.js$/.test(each));
  runInThisContext(readFileSync(new URL(`${name}`, BUNDLE), "utf8"));
  const { scheme, visit } = document.documentElement.dataset;
  assert.deepEqual([scheme, visit], ["dark", "first"]);
});

for (const scheme of ["light", "dark"]) {
  test(`the stored scheme ${scheme} is applied before the first paint`, async (t) => {
    openBlank(t, { scheme });
    assert.equal((await run("theme")).scheme, scheme);
  });
}

test("without a stored scheme, or with an unknown one, the system's applies", async (t) => {
  openBlank(t);
  assert.equal((await run("theme")).scheme, undefined);
  localStorage.setItem("scheme", "purple");
  assert.equal((await run("theme")).scheme, undefined);
  withoutStore();
  assert.equal((await run("theme")).scheme, undefined);
});

test("a visit is the first only once", async (t) => {
  openBlank(t);
  assert.equal((await run("first_visit")).visit, "first");
  delete document.documentElement.dataset.visit; // a reload
  assert.equal((await run("first_visit")).visit, undefined);
});

test("without localStorage the hints of the first visit are not shown", async (t) => {
  openBlank(t);
  withoutStore();
  assert.equal((await run("first_visit")).visit, undefined);
});
