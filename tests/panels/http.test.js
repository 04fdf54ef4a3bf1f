import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { fetchModel, uploadModel, MAX_CHARACTERS } from "../../static/js/net/http.js";
import { NoResponse } from "../../static/js/net/http.js";

/**
 * @param {import("node:test").TestContext} t
 * @param {(address: string, request: RequestInit) => Promise<Response>} answer
 */
function openServer(t, answer) {
  openPage(t, { variant: "blank" });
  return t.mock.method(globalThis, "fetch", answer);
}

/** @param {number} length */
function modelOf(length) {
  return new Response("{}", { headers: { "Content-Length": String(length) } });
}

test("a model is fetched without the cache", async (t) => {
  const fetched = openServer(t, async () => modelOf(2));
  assert.deepEqual(await fetchModel(), { ok: true, json: "{}" });
  assert.deepEqual(fetched.mock.calls[0]?.arguments, ["/api/model.json", { cache: "no-store" }]);
});

test("a model that would freeze the tab is refused without downloading it", async (t) => {
  const [most, more] = [modelOf(MAX_CHARACTERS), modelOf(MAX_CHARACTERS + 1)];
  const cancelled = t.mock.method(/** @type {ReadableStream} */ (more.body), "cancel");
  const answers = [most, more];
  openServer(t, async () => answers.shift() ?? assert.fail("asked too often"));
  assert.equal((await fetchModel()).ok, true);
  const answer = await fetchModel();
  assert.deepEqual(!answer.ok && [answer.code, answer.field], ["model_too_large_to_show", "json"]);
  assert.equal(cancelled.mock.callCount(), 1);
});

test("a truncated model counts as no answer", async (t) => {
  const truncated = new ReadableStream({
    pull: (stream) => stream.error(new TypeError("terminated")),
  });
  openServer(t, async () => new Response(truncated));
  await assert.rejects(fetchModel(), NoResponse);
});

test("a model is sent unchanged, whatever its bytes", async (t) => {
  const fetchMock = openServer(t, async () => Response.json({ ok: true }));
  const model = new Blob([new Uint8Array([0xff, 0xfe, 0])]);
  assert.deepEqual(await uploadModel(model), { ok: true });
  assert.deepEqual(fetchMock.mock.calls[0]?.arguments, [
    "/api/model.json",
    { method: "PUT", body: model },
  ]);
});
