import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { SOCKET_REQUEST } from "./support/connection.js";
import { frame, refused, state } from "./support/state.js";

/** @typedef {ReturnType<typeof openPage>} Page */

/** @param {import("node:test").TestContext} t */
function openBlank(t) {
  return openPage(t, { variant: "blank" });
}

/** @param {Page} page */
function codes({ store }) {
  return store.page.notices.map(({ code }) => code);
}

test("a state and frames arrive in the store", (t) => {
  const { connection, store } = openBlank(t);
  assert.equal(store.page.link, "connecting");
  connection.open();
  assert.equal(store.page.link, "open");
  connection.emit("state", state({ steps: 7 }));
  assert.equal(store.page.net?.steps, 7);
  connection.emit("frame", frame({ steps: 8 }));
  assert.equal(store.page.net?.steps, 8);
});

test("a state or a frame is acknowledged once, after it is drawn", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  assert.equal(page.connection.acknowledged, 0);
  await page.tick(20);
  assert.equal(page.connection.acknowledged, 1);
  page.connection.emit("frame", frame());
  await page.tick(1_000);
  assert.equal(page.connection.acknowledged, 2);
});

test("a hidden tab acknowledges as well, only later", async (t) => {
  const page = openBlank(t);
  t.mock.method(globalThis, "requestAnimationFrame", () => 0);
  page.connection.begin();
  await page.tick(490);
  assert.equal(page.connection.acknowledged, 0);
  await page.tick(20);
  assert.equal(page.connection.acknowledged, 1);
});

test("a request without a connection is refused at once and never sent", async (t) => {
  const page = openBlank(t);
  const answer = await page.connection.request("pause", {});
  assert.deepEqual([answer.ok, !answer.ok && answer.code], [false, "not_connected"]);
  assert.deepEqual(page.connection.sent("pause"), []);
  assert.deepEqual(codes(page), ["not_connected"]);
});

test("the notice of a lost connection disappears after the reconnection", async (t) => {
  const page = openBlank(t);
  await page.connection.request("pause", {});
  page.connection.open();
  assert.deepEqual(codes(page), []);
});

test("a missing answer is a refusal with its own code", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("pause", new Error("timed out"));
  const answer = await page.connection.request("pause", {});
  assert.equal(!answer.ok && answer.code, "no_answer");
});

test("a missing answer after a lost connection has the code of the lost connection", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  const answer = page.connection.request("pause", {});
  page.connection.lose();
  page.connection.answer("pause", new Error("timed out"));
  await answer;
  assert.deepEqual(codes(page), ["not_connected"]);
});

test("request shows an error at its field, and the next answer clears it", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("set", refused("out_of_range", "learning_rate"), { ok: true });
  await page.connection.request("set", { learning_rate: 7 }, { learning_rate: "lr" });
  assert.equal(page.store.page.fieldErrors.lr?.code, "out_of_range");
  await page.connection.request("set", { learning_rate: 0.1 }, { learning_rate: "lr" });
  assert.deepEqual(page.store.page.fieldErrors, {});
});

test("query leaves it to the caller to show an error", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("gradient_check", refused("busy", "text"));
  const answer = await page.connection.query("gradient_check", {});
  assert.equal(answer.ok, false);
  assert.deepEqual([page.store.page.fieldErrors, codes(page)], [{}, []]);
});

test("models and texts are transferred over HTTP", async (t) => {
  const { connection } = openBlank(t);
  connection.begin();
  connection.answers("GET /api/model.json", { ok: true, json: "{}" });
  connection.answers("PUT /api/model.json", { ok: true });
  connection.answers("GET /api/texts/a%20b", { ok: true, text: "x" });
  assert.deepEqual(await connection.saveModel(), { ok: true, json: "{}" });
  assert.deepEqual(await connection.loadModel(new Blob(["{1}"])), { ok: true });
  assert.deepEqual(connection.sent("PUT /api/model.json"), ["{1}"]);
  assert.equal((await connection.text("a b")).ok, true);
});

test("a long text is fetched once it is needed, and again after a refusal", async (t) => {
  const page = openBlank(t);
  const text = "a line\n".repeat(1_000);
  const answer = { ok: true, checksum: `of ${text}`, text };
  page.connection.answers("GET /api/text", refused("texts_full"), answer);
  page.connection.begin({ text });
  await page.tick(2_000);
  assert.equal(page.connection.sent("GET /api/text").length, 0);
  void page.connection.completeText();
  await page.tick(10);
  assert.equal(page.store.page.text, null);
  await page.tick(2_000);
  assert.equal(page.store.page.text, text);
  page.connection.emit("state", state({ text, version: 2 }));
  page.connection.emit("state", state({ text: "short", version: 3 }));
  await page.tick(2_000);
  assert.equal(page.store.page.text, "short");
  assert.equal(page.connection.sent("GET /api/text").length, 2);
});

test("the code of an HTTP error is shown at the box", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("PUT /api/model.json", refused("model_damaged", "json"));
  await page.connection.loadModel(new Blob([""]));
  assert.equal(page.store.page.fieldErrors.json?.code, "model_damaged");
});

for (const [status, code] of /** @type {const} */ ([
  [413, "proxy_too_large"],
  [502, "proxy_error"],
])) {
  test(`a response with status ${status} from a proxy is ${code}, shown at the box`, async (t) => {
    const page = openBlank(t);
    page.connection.begin();
    page.connection.answers("PUT /api/model.json", () => new Response("<html>", { status }));
    await page.connection.loadModel(new Blob([""]));
    assert.equal(page.store.page.fieldErrors.json?.code, code);
  });
}

test("a failed HTTP request is not_connected or no_answer, like a failed socket request", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("GET /api/model.json", new TypeError("fetch failed"));
  await page.connection.saveModel();
  assert.deepEqual(codes(page), ["no_answer"]);
  page.connection.lose();
  await page.connection.saveModel();
  assert.deepEqual(codes(page), ["no_answer", "not_connected"]);
});

test("after the server has closed the socket, the page gets a new cookie and reconnects", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.close();
  assert.equal(page.store.page.link, "lost");
  await page.tick(1_600);
  assert.equal(page.connection.sent("HEAD /").length, 1);
  assert.equal(page.connection.attempts, 2);
  assert.equal(page.store.page.link, "open");
});

test("the page does not interfere when the library reconnects by itself", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.lose();
  await page.tick(20_000);
  assert.equal(page.connection.attempts, 1);
});

test("a refused socket shows the reason, retries soon, and clears the notice once connected", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  assert.deepEqual(codes(page), ["server_full"]);
  page.connection.refuse(null);
  await page.tick(1_600);
  assert.equal(page.store.page.link, "open");
  assert.deepEqual(codes(page), []);
});

test("after a refusal due to a limit, the page waits longer before it retries", async (t) => {
  const page = openBlank(t);
  const data = { code: "pages_per_session", limit: "pages_per_session" };
  page.connection.refuse({ message: "Full.", data });
  page.connection.open();
  await page.tick(9_900);
  assert.equal(page.connection.attempts, 1);
  await page.tick(200);
  assert.equal(page.connection.attempts, 2);
});

test("a repeated refusal is not shown again after its notice is dismissed", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  page.store.dismiss(page.store.page.notices[0]?.number ?? 0);
  await page.tick(1_600);
  assert.equal(page.connection.attempts, 2);
  assert.deepEqual(codes(page), []);
});

test("a refusal for another reason replaces the previous one", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  page.connection.refuse({
    message: "Full.",
    data: { code: "pages_per_session", limit: "pages_per_session" },
  });
  await page.tick(1_600);
  assert.deepEqual(codes(page), ["pages_per_session"]);
});

test("a page without a valid session reconnects and shows no notice", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "Reload.", data: { code: "unknown_page" } });
  page.connection.open();
  assert.deepEqual(codes(page), []);
  page.connection.refuse(null);
  await page.tick(1_600);
  assert.equal(page.store.page.link, "open");
});

test("a refusal without a reason leaves the notice unchanged and retries soon", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  page.connection.refuse({ message: "xhr poll error" });
  await page.tick(3_200);
  assert.equal(page.connection.attempts, 3);
  assert.deepEqual(codes(page), ["server_full"]);
});

test("the server's closing message is a warning until the page has reconnected", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.emit("closing", { code: "restarting", message: "Back soon." });
  page.connection.close();
  assert.deepEqual(
    page.store.page.notices.map(({ code, level }) => [code, level]),
    [["restarting", "warning"]],
  );
  await page.tick(1_600);
  assert.deepEqual(codes(page), []);
});

for (const [code, shown, status] of /** @type {const} */ ([
  ["token_needed", "needs_token", 401],
  ["other_site", "other_site", 403],
  [undefined, "proxy_error", 403],
])) {
  test(`a socket refused before the application is shown as ${shown} until it opens`, async (t) => {
    const page = openBlank(t);
    page.connection.begin();
    const body = code ? JSON.stringify({ ok: false, code, error: "No." }) : "<html>";
    page.connection.answers(SOCKET_REQUEST, () => new Response(body, { status }));
    page.connection.lose();
    page.connection.failToReconnect();
    await page.settle();
    assert.deepEqual(codes(page), [shown]);
    assert.equal(page.store.page.link, "refused");
    page.connection.open();
    assert.deepEqual(codes(page), []);
    assert.equal(page.store.page.link, "open");
  });
}

test("a server that is only unreachable is not a refusal", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.lose();
  for (const answer of [new TypeError("fetch failed"), () => new Response("", { status: 502 })]) {
    page.connection.answers(SOCKET_REQUEST, answer);
    page.connection.failToReconnect();
    await page.settle();
    assert.deepEqual([page.store.page.link, codes(page)], ["lost", []]);
  }
});

test("below a root path, requests are sent there", async (t) => {
  const page = openBlank(t);
  document.documentElement.dataset.root = "/charnn";
  page.connection.begin();
  page.connection.answers("GET /charnn/api/model.json", { ok: true, json: "{}" });
  assert.deepEqual(await page.connection.saveModel(), { ok: true, json: "{}" });
});

test("a notice from the server keeps its level and code", (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.emit("notice", { level: "warning", code: "recovered", message: "It ran off." });
  assert.deepEqual(codes(page), ["recovered"]);
});
