import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused } from "./support/state.js";
import * as saving from "../../static/js/panels/model_io.js";

const MODEL = '{"hidden_sizes":[20]}';

/**
 * @param {import("node:test").TestContext} t
 * @param {string} [max] the size limit in bytes
 */
function openModelIO(t, max = "30") {
  const page = openPage(t, { only: "#panel_saving" });
  page.get("#uploadmodel").dataset.most = max;
  page.mount("#panel_saving", saving);
  page.connection.begin();
  return page;
}

/** @param {ReturnType<typeof openPage>} page */
function outcome(page) {
  return page.get("#saving_outcome").textContent ?? "";
}

test("save puts the model into the box and shows its size", async (t) => {
  const page = openModelIO(t);
  assert.equal(page.state("#panel_saving"), "ready");
  assert.equal(page.get("#saving_outcome").role, "status");
  await page.click("#savemodel");
  assert.equal(page.state("#panel_saving"), "busy");
  assert.equal(page.get("#savemodel").ariaBusy, "true");
  page.connection.answer("GET /api/model.json", { ok: true, json: " ".repeat(1_001) });
  await page.tick(10);
  assert.equal(page.state("#panel_saving"), "saved");
  assert.equal(page.get("#savemodel").ariaBusy, null);
  assert.equal(page.value("#tio").length, 1_001);
  assert.match(outcome(page), /\b2 kB/);
  page.connection.answers("GET /api/model.json", { ok: true, json: " ".repeat(1_240_000) });
  await page.click("#savemodel");
  assert.match(outcome(page), /\b1\.2 MB/);
});

test("load sends the content of the box, once for a double click", async (t) => {
  const page = openModelIO(t);
  page.type("#tio", MODEL);
  await page.click("#loadmodel");
  await page.click("#loadmodel");
  assert.deepEqual(page.connection.sent("PUT /api/model.json"), [MODEL]);
  assert.equal(page.get("#loadmodel").ariaBusy, "true");
  assert.equal(page.state("#panel_saving"), "busy");
  page.connection.answer("PUT /api/model.json", { ok: true });
  await page.tick(10);
  assert.equal(page.state("#panel_saving"), "loaded");
  assert.equal(page.get("#loadmodel").ariaBusy, null);
  assert.equal(page.value("#tio"), MODEL);
});

test("an error of an unusable model is shown at the box until a model loads", async (t) => {
  const page = openModelIO(t);
  page.connection.answers("PUT /api/model.json", refused("model_damaged", "json"), { ok: true });
  page.type("#tio", MODEL.slice(0, -1));
  await page.click("#loadmodel");
  assert.equal(page.state("#panel_saving"), "refused");
  assert.equal(page.errorCode("#json_error"), "model_damaged");
  assert.equal(page.get("#json_error").role, "alert");
  assert.equal(page.get("#tio").ariaInvalid, "true");
  assert.equal(page.value("#tio"), MODEL.slice(0, -1));
  assert.equal(outcome(page), "");
  await page.click("#loadmodel");
  assert.equal(page.state("#panel_saving"), "loaded");
  assert.equal(page.errorCode("#json_error"), null);
  assert.equal(page.get("#tio").ariaInvalid, null);
});

test("a file is uploaded unchanged, and the outcome shows its name", async (t) => {
  const page = openModelIO(t);
  page.connection.answers("PUT /api/model.json", refused("model_damaged", "json"), { ok: true });
  await page.chooseFiles("#uploadmodel", new File(["not json"], "notes.json"));
  await page.tick(10);
  assert.equal(page.errorCode("#json_error"), "model_damaged");
  const setValue = t.mock.setter(HTMLInputElement.prototype, "value");
  await page.chooseFiles("#uploadmodel", new File([MODEL], "mine.json"));
  await page.tick(10);
  assert.deepEqual(page.connection.sent("PUT /api/model.json"), ["not json", MODEL]);
  assert.equal(page.state("#panel_saving"), "loaded");
  assert.match(outcome(page), /mine\.json/);
  assert.equal(page.errorCode("#json_error"), null);
  assert.equal(page.value("#tio"), "");
  assert.deepEqual(setValue.mock.calls[0]?.arguments, [""]); // so that the same file can be chosen again
});

test("a model dropped on the box is loaded", async (t) => {
  const page = openModelIO(t);
  page.connection.answers("PUT /api/model.json", { ok: true });
  await page.drop("#tio", new File([MODEL], "mine.json"));
  await page.tick(10);
  assert.deepEqual(page.connection.sent("PUT /api/model.json"), [MODEL]);
  assert.equal(page.state("#panel_saving"), "loaded");
  assert.match(outcome(page), /mine\.json/);
});

test("a file that is too large is refused before it is sent", async (t) => {
  const page = openModelIO(t, "10");
  await page.chooseFiles("#uploadmodel", new File(["{}".repeat(6)], "model.json"));
  assert.equal(page.state("#panel_saving"), "refused");
  assert.equal(page.errorCode("#json_error"), "model_file_too_large");
  assert.match(page.get("#json_error").textContent ?? "", /\b10\b/);
  assert.deepEqual(page.connection.sent("PUT /api/model.json"), []);
  await page.chooseFiles("#uploadmodel"); // the dialog was cancelled
  assert.equal(page.state("#panel_saving"), "refused");
});

test("a failed save leaves the box unchanged", async (t) => {
  const page = openModelIO(t);
  page.type("#tio", MODEL);
  const large = { headers: { "Content-Length": "5000001" } };
  page.connection.answers(
    "GET /api/model.json",
    () => new Response("{}", large),
    () => new Response("<h1>Bad Gateway</h1>", { status: 502 }),
  );
  for (const code of ["model_too_large_to_show", "proxy_error"]) {
    await page.click("#savemodel");
    await page.tick(10);
    assert.equal(page.errorCode("#json_error"), code);
    assert.equal(page.state("#panel_saving"), "refused");
    assert.equal(page.value("#tio"), MODEL);
  }
});

test("a missing answer is shown in a notice", async (t) => {
  const page = openModelIO(t);
  page.connection.answers("GET /api/model.json", new TypeError("failed to fetch"));
  await page.click("#savemodel");
  assert.deepEqual(
    page.store.page.notices.map(({ code }) => code),
    ["no_answer"],
  );
  assert.equal(page.state("#panel_saving"), "refused");
  assert.equal(page.get("#savemodel").ariaBusy, null);
});

test("the downloads are links with a file name", (t) => {
  const page = openModelIO(t);
  for (const [selector, name] of /** @type {const} */ ([
    ["#downloadmodel", "model.json"],
    ["#download_safetensors", "model.safetensors"],
    ["#download_python", "model.py"],
  ])) {
    const link = /** @type {HTMLAnchorElement} */ (page.get(selector));
    assert.deepEqual([link.pathname, link.download], [`/api/${name}`, `charnn-${name}`]);
  }
});
