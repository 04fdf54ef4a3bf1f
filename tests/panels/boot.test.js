/** The classic scripts in the head, which run before the first paint. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";

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

test("both scripts block the first paint and precede every style sheet", (t) => {
  const page = openPage(t);
  const [style] = page.all('link[rel="stylesheet"]');
  for (const name of ["theme", "first_visit"]) {
    const script = page.get(`head > script[src$="/js/boot/${name}.js"]`);
    assert.deepEqual(script.getAttributeNames(), ["src"]);
    assert.ok(style && script.compareDocumentPosition(style) & Node.DOCUMENT_POSITION_FOLLOWING);
  }
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
