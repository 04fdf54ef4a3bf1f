import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused } from "./support/state.js";
import { charactersIn, isModel, readTexts } from "../../static/js/texts/files.js";

const MOST = 20;

/** @param {string} text */
function answer(text, remarks = /** @type {string[]} */ ([])) {
  return { ok: /** @type {const} */ (true), text, stored: null, encoding: "utf-8", remarks };
}

/** @param {import("node:test").TestContext} t */
function openConnection(t) {
  return openPage(t, { variant: "blank" }).connection;
}

test("a file is sent as it is, and its text and remarks are the server's", async (t) => {
  const connection = openConnection(t);
  connection.answers("PUT /api/text-file?name=a%26b.txt", answer("café", ["assumed"]));
  const found = await readTexts([new File(["caf?"], "a&b.txt")], connection, MOST);
  assert.deepEqual(found, answer("café", ["assumed"]));
  assert.deepEqual(connection.sent("PUT /api/text-file?name=a%26b.txt"), ["caf?"]);
});

test("several files are joined in the order of their names", async (t) => {
  const connection = openConnection(t);
  connection.answers("PUT /api/text-file?name=1.txt&whole=1", answer("one"));
  connection.answers("PUT /api/text-file?name=2.txt&whole=1", answer("two", ["said"]));
  const files = [new File(["b"], "2.txt"), new File(["a"], "1.txt")];
  assert.deepEqual(await readTexts(files, connection, MOST), {
    ok: true,
    text: "one\ntwo",
    stored: null,
    remarks: ["said"],
  });
});

test("the first file that the server refuses is the answer for all", async (t) => {
  const connection = openConnection(t);
  connection.answers("PUT /api/text-file?name=1.txt&whole=1", refused("not_a_text", "text"));
  const files = [new File(["b"], "2.txt"), new File(["a"], "1.txt")];
  const found = await readTexts(files, connection, MOST);
  assert.equal(!found.ok && found.code, "not_a_text");
  assert.equal(connection.requests.length, 1);
});

test("a file that is too large or unreadable is refused before it is sent", async (t) => {
  const connection = openConnection(t);
  const folder = new File([], "folder");
  folder.slice = () => assert.fail("NotFoundError");
  for (const [file, code] of /** @type {const} */ ([
    [new File(["a".repeat(MOST + 1)], "large.txt"), "file_too_large"],
    [folder, "file_unreadable"],
  ])) {
    const found = await readTexts([file], connection, MOST);
    assert.deepEqual(!found.ok && [found.code, found.field], [code, "text"]);
    assert.ok(!found.ok && found.error.includes(file.name));
  }
  assert.deepEqual(connection.requests, []);
});

test("a saved model is known by its beginning", async () => {
  const model = `\ufeff {\n "hidden_sizes": [20, 20], "model": ${"1".repeat(5_000)}`;
  assert.ok(await isModel(new File([model], "model.txt")));
  assert.ok(!(await isModel(new File(['the "hidden_sizes" {'], "notes.txt"))));
  assert.ok(!(await isModel(new File(['{"sizes": 1}'], "data.json"))));
  assert.ok(!(await isModel(new File([], "empty"))));
});

test("a character is a code point, as on the server", () => {
  assert.equal(charactersIn("a\u{1f642}é"), 3);
});
