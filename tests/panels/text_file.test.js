import assert from "node:assert/strict";
import { test } from "node:test";
import { charactersIn, readText } from "../../static/js/panels/text_file.js";

const LIMITS = { characters: 20, line: 8 };
const MAX_BYTES = 4 * 20 + 3;

/** @param {BlobPart[]} parts */
async function codeOf(...parts) {
  const answer = await readText(new File(parts, "notes.txt"), LIMITS);
  return answer.ok ? "ok" : answer.code;
}

/** @param {BlobPart[]} parts */
async function textOf(...parts) {
  const answer = await readText(new File(parts, "notes.txt"), LIMITS);
  return answer.ok ? answer.text : answer.code;
}

test("a file that is not UTF-8 text is refused with the code of its actual format", async () => {
  assert.equal(await codeOf("%PDF-1.7"), "file_pdf");
  assert.equal(await codeOf(new Uint8Array([0xff, 0xfe, 0x61, 0])), "file_utf16");
  assert.equal(await codeOf(new Uint8Array([0xfe, 0xff, 0, 0x61])), "file_utf16");
  assert.equal(await codeOf("PK\x03\x04\x00\x00words"), "file_binary");
  assert.equal(await codeOf(new Uint8Array([0x63, 0x61, 0x66, 0xe9])), "file_not_utf8");
});

test("a file without a sentence is refused", async () => {
  assert.equal(await codeOf(), "file_empty");
  assert.equal(await codeOf(" \n\r\n\t"), "file_empty");
});

test("a text one character or byte over a limit is refused", async () => {
  assert.equal(await codeOf("a".repeat(8)), "ok");
  assert.equal(await codeOf("ok\n", "a".repeat(9), "\nok"), "file_line_too_long");
  assert.equal(await codeOf("abcdefg\n".repeat(2), "abcd"), "ok");
  assert.equal(await codeOf("abcdefg\n".repeat(2), "abcde"), "file_too_long");
  assert.equal(await codeOf("\u{1f642}\n".repeat(10)), "ok");
  assert.equal(await codeOf("a".repeat(MAX_BYTES)), "file_too_long");
  assert.equal(await codeOf("a".repeat(MAX_BYTES + 1)), "file_too_large");
});

test("a file that is too large is refused before it is read", async () => {
  const file = new File(["a".repeat(MAX_BYTES + 1)], "large.txt");
  file.arrayBuffer = () => assert.fail("it was read");
  const answer = await readText(file, LIMITS);
  assert.equal(!answer.ok && answer.code, "file_too_large");
});

test("an unreadable file, such as a folder, is refused", async () => {
  const folder = new File([], "folder");
  folder.arrayBuffer = () => Promise.reject(new DOMException("", "NotFoundError"));
  const answer = await readText(folder, LIMITS);
  assert.equal(!answer.ok && answer.code, "file_unreadable");
});

test("every refusal is shown at the text and states the limits", async () => {
  const answer = await readText(new File([], "empty.txt"), LIMITS);
  assert.equal(!answer.ok && answer.field, "text");
  assert.match(answer.ok ? "" : answer.error, /\b20\b.*\b8\b/);
});

test("line ends are normalised as in a textarea, and a byte order mark is removed", async () => {
  assert.equal(await textOf("\ufeffa\r\nb\rc\n"), "a\nb\nc\n");
});

test("text of every script is unchanged, and the longest characters fit the longest line", async () => {
  assert.equal(await textOf("naïve 日\n👩🏽‍🚀\nسلام"), "naïve 日\n👩🏽‍🚀\nسلام");
  assert.equal(await textOf("\u{1f642}".repeat(8)), "\u{1f642}".repeat(8));
});

test("a character is a code point, as on the server", () => {
  assert.equal(charactersIn("a\u{1f642}é"), 3);
});
