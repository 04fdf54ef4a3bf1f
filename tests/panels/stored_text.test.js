import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused, state } from "./support/state.js";
import * as controls from "../../static/js/panels/controls.js";
import * as input from "../../static/js/texts/input.js";
import * as picker from "../../static/js/texts/picker.js";
import * as statistics from "../../static/js/texts/statistics.js";
import { statisticsOf } from "../../static/js/texts/statistics.js";

const LONG = "a long line\n".repeat(20_000);
const CHECKSUM = "c".repeat(64);

/** @type {import("../../static/js/protocol").TextFile} */
const STORED = {
  ok: true,
  text: LONG.slice(0, 1_000),
  stored: {
    checksum: CHECKSUM,
    characters: 20_000_000,
    lines: 400_000,
    distinct: 90,
    rare: ["é", "ß"],
    rare_count: 2,
  },
  encoding: "utf-8",
  remarks: [],
};
const NETWORK = { ...state().text, checksum: CHECKSUM, characters: 20_000_000, stored: true };

/** @param {import("node:test").TestContext} t */
function openTexts(t) {
  const page = openPage(t, { only: "#panel_sentences, #panel_controls" });
  document.documentElement.dataset.maxBoxText = "200000";
  page.mount("#panel_sentences", input, picker, statistics);
  page.mount("#panel_controls", controls);
  page.connection.begin({ text: "own\nwords" });
  page.connection.answers("learn", { ok: true });
  return page;
}

/** @param {ReturnType<typeof openTexts>} page */
async function openBook(page) {
  page.connection.answers("PUT /api/text-file?name=book.txt", STORED);
  await page.chooseFiles("#textfile", new File([LONG], "book.txt"));
  await page.tick(300);
}

/** @param {ReturnType<typeof openTexts>} page */
function isReadOnly(page) {
  return /** @type {HTMLTextAreaElement} */ (page.get("#ti")).readOnly;
}

test("of a large file the box shows the beginning, and learn sends the checksum", async (t) => {
  const page = openTexts(t);
  await openBook(page);
  assert.equal(page.value("#ti"), STORED.text);
  assert.ok(isReadOnly(page));
  assert.match(page.get("#text_statistics").textContent ?? "", /20,000,000.*400,000.*90/);
  await page.click("#learn");
  const [sent] = page.connection.sent("learn");
  assert.deepEqual([sent.text, sent.checksum, sent.leave_out_rare], ["", CHECKSUM, undefined]);
  page.connection.emit("state", { ...state({ version: 2 }), text: NETWORK });
  assert.equal(page.state("#panel_controls"), "unedited");
  assert.deepEqual(page.connection.sent("GET /api/text"), []);
});

test("rare characters are named, and left out if that is chosen", async (t) => {
  const page = openTexts(t);
  await openBook(page);
  assert.equal(page.get("#text_rare").hidden, false);
  assert.match(page.get("#text_rare_names").textContent ?? "", /2.*éß/);
  await page.click("#leave_out_rare");
  await page.click("#learn");
  assert.equal(page.connection.sent("learn")[0].leave_out_rare, true);
  await page.choose("#text_choice", "");
  page.type("#ti", "aaaaa\nbbbbb");
  await page.tick(300);
  assert.equal(page.get("#text_rare").hidden, true);
});

test("one's own text returns after a stored one, and can be edited", async (t) => {
  const page = openTexts(t);
  page.type("#ti", "my own words");
  await openBook(page);
  await page.choose("#text_choice", "");
  assert.equal(page.value("#ti"), "my own words");
  assert.ok(!isReadOnly(page));
  await page.click("#learn");
  assert.deepEqual(page.connection.sent("learn")[0].checksum, undefined);
});

test("a stored text of the network is known after a reload, and can be replaced", async (t) => {
  const page = openTexts(t);
  page.connection.emit("state", { ...state({ version: 2 }), text: NETWORK });
  await page.tick(300);
  assert.equal(page.value("#text_choice"), "file");
  assert.ok(isReadOnly(page));
  assert.match(page.get("#text_statistics").textContent ?? "", /20,000,000/);
  await page.choose("#text_choice", "");
  assert.equal(page.value("#ti"), "own\nwords");
  assert.ok(!isReadOnly(page));
});

test("a long text that was pasted is uploaded, and never sent through the socket", async (t) => {
  const page = openTexts(t);
  page.connection.answers("PUT /api/text-file?name=text", refused("store_full", "text"), STORED);
  page.type("#ti", LONG);
  await page.click("#learn");
  await page.tick(100);
  assert.equal(page.errorCode("#text_error"), "store_full");
  assert.equal(page.value("#ti"), LONG);
  assert.deepEqual(page.connection.sent("learn"), []);
  await page.click("#learn");
  await page.tick(100);
  assert.deepEqual(page.connection.sent("PUT /api/text-file?name=text"), [LONG, LONG]);
  assert.equal(page.connection.sent("learn")[0].checksum, CHECKSUM);
  page.connection.emit("state", { ...state({ version: 2 }), text: NETWORK });
  await page.choose("#text_choice", "");
  assert.equal(page.value("#ti"), LONG); // to edit it further
});

test("an upload shows its progress, and is hidden when it has ended", async (t) => {
  const page = openTexts(t);
  const upload = page.get("#text_upload");
  await page.chooseFiles("#textfile", new File([LONG], "book.txt"));
  await page.tick(10);
  assert.equal(upload.hidden, false);
  assert.match(upload.textContent ?? "", /book\.txt/);
  page.connection.answer("PUT /api/text-file?name=book.txt", refused("not_a_text", "text"));
  await page.tick(10);
  assert.equal(upload.hidden, true);
});

test("the statistics of a text count characters as the server does", () => {
  const { rare, ...counted } = statisticsOf("🙂🙂🙂🙂🙂bb\na");
  assert.deepEqual(counted, { characters: 9, lines: 2, distinct: 4, rare_count: 2 });
  assert.deepEqual(rare, ["a", "b"]);
});
