import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
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
  connection.tell("state", state({ steps: 7 }));
  assert.equal(store.page.net?.steps, 7);
  connection.tell("frame", frame({ steps: 8 }));
  assert.equal(store.page.net?.steps, 8);
});

test("a state or a frame is acknowledged once, when it is drawn", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  assert.equal(page.connection.acknowledged, 0);
  await page.tick(20);
  assert.equal(page.connection.acknowledged, 1);
  page.connection.tell("frame", frame());
  await page.tick(1_000);
  assert.equal(page.connection.acknowledged, 2);
});

test("a tab that draws nothing acknowledges as well, only later", async (t) => {
  const page = openBlank(t);
  t.mock.method(globalThis, "requestAnimationFrame", () => 0);
  page.connection.begin();
  await page.tick(490);
  assert.equal(page.connection.acknowledged, 0);
  await page.tick(20);
  assert.equal(page.connection.acknowledged, 1);
});

test("a question without a connection is refused at once and never sent", async (t) => {
  const page = openBlank(t);
  const answer = await page.connection.request("pause", {});
  assert.deepEqual([answer.ok, !answer.ok && answer.code], [false, "not_connected"]);
  assert.deepEqual(page.connection.sent("pause"), []);
  assert.deepEqual(codes(page), ["not_connected"]);
});

test("the notice of a lost connection goes when it is back", async (t) => {
  const page = openBlank(t);
  await page.connection.request("pause", {});
  page.connection.open();
  assert.deepEqual(codes(page), []);
});

test("an answer that does not come is a refusal with a code of its own", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("pause", new Error("timed out"));
  const answer = await page.connection.request("pause", {});
  assert.equal(!answer.ok && answer.code, "no_answer");
});

test("an answer that does not come because the connection was lost says that", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  const answer = page.connection.request("pause", {});
  page.connection.lose();
  page.connection.answer("pause", new Error("timed out"));
  await answer;
  assert.deepEqual(codes(page), ["not_connected"]);
});

test("ask shows a refusal at its place, and the next answer takes it away", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("set", refused("out_of_range", "learning_rate"), { ok: true });
  await page.connection.request("set", { learning_rate: 7 }, { learning_rate: "lr" });
  assert.equal(page.store.page.fieldErrors.lr?.code, "out_of_range");
  await page.connection.request("set", { learning_rate: 0.1 }, { learning_rate: "lr" });
  assert.deepEqual(page.store.page.fieldErrors, {});
});

test("answerTo leaves it to the caller to show a refusal", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("gradient_check", refused("busy", "text"));
  const answer = await page.connection.query("gradient_check", {});
  assert.equal(answer.ok, false);
  assert.deepEqual([page.store.page.fieldErrors, codes(page)], [{}, []]);
});

test("models and texts are asked for over HTTP", async (t) => {
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

test("the code of a refusal over HTTP is shown at the box", async (t) => {
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
  test(`an answer of ${status} that is not the server's is ${code}, at the box`, async (t) => {
    const page = openBlank(t);
    page.connection.begin();
    page.connection.answers("PUT /api/model.json", () => new Response("<html>", { status }));
    await page.connection.loadModel(new Blob([""]));
    assert.equal(page.store.page.fieldErrors.json?.code, code);
  });
}

test("HTTP that fails is not_connected or no_answer, as the socket tells", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("GET /api/model.json", new TypeError("fetch failed"));
  await page.connection.saveModel();
  assert.deepEqual(codes(page), ["no_answer"]);
  page.connection.lose();
  await page.connection.saveModel();
  assert.deepEqual(codes(page), ["no_answer", "not_connected"]);
});

test("a socket that the server closed comes back with a cookie of a new page", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.close();
  assert.equal(page.store.page.link, "lost");
  await page.tick(1_600);
  assert.equal(page.connection.sent("GET /").length, 1);
  assert.equal(page.connection.attempts, 2);
  assert.equal(page.store.page.link, "open");
});

test("a socket that the library brings back is left to it", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.lose();
  await page.tick(20_000);
  assert.equal(page.connection.attempts, 1);
});

test("a refused socket says why, tries again soon, and takes it back once it is let in", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  assert.deepEqual(codes(page), ["server_full"]);
  page.connection.refuse(null);
  await page.tick(1_600);
  assert.equal(page.store.page.link, "open");
  assert.deepEqual(codes(page), []);
});

test("where a limit is reached the page waits longer before it tries again", async (t) => {
  const page = openBlank(t);
  const data = { code: "pages_per_session", limit: "pages_per_session" };
  page.connection.refuse({ message: "Full.", data });
  page.connection.open();
  await page.tick(9_900);
  assert.equal(page.connection.attempts, 1);
  await page.tick(200);
  assert.equal(page.connection.attempts, 2);
});

test("the same refusal again is not shown to who has dismissed it", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  page.store.dismiss(page.store.page.notices[0]?.number ?? 0);
  await page.tick(1_600);
  assert.equal(page.connection.attempts, 2);
  assert.deepEqual(codes(page), []);
});

test("a refusal for another reason takes the place of the one before", async (t) => {
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

test("a page that the server does not know comes back and shows no notice", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "Reload.", data: { code: "unknown_page" } });
  page.connection.open();
  assert.deepEqual(codes(page), []);
  page.connection.refuse(null);
  await page.tick(1_600);
  assert.equal(page.store.page.link, "open");
});

test("a refusal without a reason keeps what is shown and tries again soon", async (t) => {
  const page = openBlank(t);
  page.connection.refuse({ message: "No.", data: { code: "server_full" } });
  page.connection.open();
  page.connection.refuse({ message: "xhr poll error" });
  await page.tick(3_200);
  assert.equal(page.connection.attempts, 3);
  assert.deepEqual(codes(page), ["server_full"]);
});

test("what the server says as it closes is a warning until the page is back", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.tell("closing", { code: "restarting", message: "Back soon." });
  page.connection.close();
  assert.deepEqual(
    page.store.page.notices.map(({ code, level }) => [code, level]),
    [["restarting", "warning"]],
  );
  await page.tick(1_600);
  assert.deepEqual(codes(page), []);
});

test("a server that wants its token now is told of, until the page is let in", async (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.answers("GET /", () => new Response("", { status: 401 }));
  page.connection.lose();
  page.connection.failToReconnect();
  await page.settle();
  assert.deepEqual(codes(page), ["needs_token"]);
  page.connection.open();
  assert.deepEqual(codes(page), []);
});

test("a notice of the server's is kept with its level and code", (t) => {
  const page = openBlank(t);
  page.connection.begin();
  page.connection.tell("notice", { level: "warning", code: "recovered", message: "It ran off." });
  assert.deepEqual(codes(page), ["recovered"]);
});
