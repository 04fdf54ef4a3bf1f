import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { OPTIONS, refused, state } from "./support/state.js";
import * as choice from "../../static/js/texts/picker.js";
import * as controls from "../../static/js/panels/controls.js";
import { checksum } from "../../static/js/texts/picker.js";
import * as sentences from "../../static/js/texts/input.js";

/** @typedef {ReturnType<typeof openTextPicker>} Page */

const ESSAYS = "an essay\nand another";
const MOST_BYTES = "30";

/** @type {import("../../static/js/protocol").BuiltInText} */
const SUMS = {
  ok: true,
  text: "1+1=2\n2+2=4",
  title: "Sums",
  expect: "Right sums.",
  measured: "",
  stored: null,
  options: { ...OPTIONS, kind: "gru", hidden_sizes: [80], clip: 2 },
};

/**
 * A page whose network trains on a built-in text.
 *
 * @param {import("node:test").TestContext} t
 */
function openTextPicker(t) {
  const page = openPage(t, { only: "#panel_sentences, #panel_controls" });
  page.get("#textfile").dataset.most = MOST_BYTES;
  Object.assign(page.get("#text_choice [value=essays]").dataset, {
    characters: String(ESSAYS.length),
    checksum: String(checksum(ESSAYS)),
    about: "About the essays.",
  });
  page.mount("#panel_sentences", sentences, choice);
  page.mount("#panel_controls", controls);
  page.connection.begin({ text: ESSAYS });
  page.connection.answers("GET /api/texts/sums", SUMS);
  return page;
}

/** @param {Page} page */
function shown(page) {
  return [page.value("#text_choice"), page.value("#ti")];
}

/** @param {Page} page */
function about(page) {
  return page.get("#text_about").textContent;
}

/**
 * Let the server read the content of a file as this text.
 *
 * @param {Page} page
 * @param {string} name
 * @param {string} text
 * @param {string[]} remarks
 */
function serveFile(page, name, text, ...remarks) {
  const answer = { ok: true, text, stored: null, encoding: "utf-8", remarks };
  page.connection.answers(`PUT /api/text-file?name=${name}`, answer);
}

/** @param {string} content */
function file(content, name = "notes.txt") {
  return new File([content], name);
}

test("the network's text is recognised without fetching it", (t) => {
  const page = openTextPicker(t);
  assert.deepEqual(shown(page), ["essays", ESSAYS]);
  assert.equal(about(page), "About the essays.");
  assert.equal(page.get("#text_about").role, "status");
  assert.ok(!page.connection.requests.some(({ event }) => event.startsWith("GET /api/texts")));
});

test("a text is recognised only if it is identical", (t) => {
  const page = openTextPicker(t);
  const other = `X${ESSAYS.slice(1)}`;
  page.connection.emit("state", state({ version: 2, text: other }));
  assert.deepEqual(shown(page), ["", other]);
  page.connection.emit("state", state({ version: 3, text: ESSAYS }));
  assert.deepEqual(shown(page), ["essays", ESSAYS]);
});

test("a selected text fills the box and the options, and sends nothing to the network", async (t) => {
  const page = openTextPicker(t);
  await page.choose("#text_choice", "sums");
  assert.deepEqual(shown(page), ["sums", SUMS.text]);
  assert.equal(about(page), SUMS.expect);
  assert.equal(page.value("#opt_kind"), "gru");
  assert.equal(page.value("#opt_hidden_sizes"), "80");
  assert.equal(page.value("#opt_clip"), "2");
  assert.equal(page.state("#panel_controls"), "edited");
  assert.deepEqual(page.connection.sent("learn"), []);
});

test("a selected text is used when it arrives after the network's text", async (t) => {
  const page = openTextPicker(t);
  page.connection.emit("state", state({ version: 2, text: "other words" }));
  await page.choose("#text_choice", "recipes");
  page.connection.emit("state", state({ version: 3, text: ESSAYS }));
  assert.deepEqual(shown(page), ["recipes", ESSAYS]);
  page.connection.answer("GET /api/texts/recipes", SUMS);
  await page.settle();
  assert.deepEqual(shown(page), ["recipes", SUMS.text]);
});

test("a selected text that cannot be fetched leaves the network's selected", async (t) => {
  const page = openTextPicker(t);
  page.connection.emit("state", state({ version: 2, text: "other words" }));
  await page.choose("#text_choice", "recipes");
  page.connection.emit("state", state({ version: 3, text: ESSAYS }));
  page.connection.answer("GET /api/texts/recipes", refused("unknown_text"));
  await page.settle();
  assert.deepEqual(shown(page), ["essays", ESSAYS]);
});

test("a selected text stays selected when the network trains on it", async (t) => {
  const page = openTextPicker(t);
  page.connection.answers("learn", { ok: true });
  await page.choose("#text_choice", "sums");
  await page.click("#learn");
  assert.equal(page.connection.sent("learn")[0].text, SUMS.text);
  page.connection.emit("state", state({ version: 2, text: SUMS.text, options: SUMS.options }));
  assert.deepEqual(shown(page), ["sums", SUMS.text]);
  assert.equal(page.state("#panel_controls"), "unedited");
});

test("the user's own text and options return after other texts and files", async (t) => {
  const page = openTextPicker(t);
  page.type("#ti", "my own words");
  page.type("#opt_hidden_sizes", "7, 7");
  assert.equal(page.value("#text_choice"), "");
  await page.choose("#text_choice", "sums");
  serveFile(page, "notes.txt", "from a file");
  await page.chooseFiles("#textfile", file("from a file"));
  await page.tick(10);
  assert.deepEqual(shown(page), ["file", "from a file"]);
  await page.choose("#text_choice", "");
  assert.deepEqual(shown(page), ["", "my own words"]);
  assert.equal(page.value("#opt_hidden_sizes"), "7, 7");
  assert.equal(about(page), "");
});

test("a selected text that is edited becomes the user's own", async (t) => {
  const page = openTextPicker(t);
  page.connection.answers("GET /api/texts/names", { ...SUMS, text: "Ann" });
  await page.choose("#text_choice", "names");
  page.type("#ti", "Anna");
  assert.deepEqual(shown(page), ["", "Anna"]);
  assert.equal(about(page), "");
  await page.choose("#text_choice", "sums");
  await page.choose("#text_choice", "");
  assert.deepEqual(shown(page), ["", "Anna"]);
});

test("a failed fetch changes nothing, and the next one clears the error", async (t) => {
  const page = openTextPicker(t);
  page.connection.answers(
    "GET /api/texts/sums",
    () => new Response("Bad Gateway", { status: 502 }),
    refused("unknown_text", "text"),
    SUMS,
  );
  for (const code of ["proxy_error", "unknown_text"]) {
    await page.choose("#text_choice", "sums");
    assert.equal(page.errorCode("#text_error"), code);
    assert.equal(page.state("#panel_sentences"), "refused");
    assert.deepEqual(shown(page), ["essays", ESSAYS]);
    assert.equal(page.state("#panel_controls"), "unedited");
  }
  await page.choose("#text_choice", "sums");
  assert.equal(page.errorCode("#text_error"), null);
  assert.deepEqual(shown(page), ["sums", SUMS.text]);
});

test("a text that arrives after another one was selected is dropped", async (t) => {
  const page = openTextPicker(t);
  await page.choose("#text_choice", "names"); // its answer is late
  await page.choose("#text_choice", "sums");
  page.connection.answer("GET /api/texts/names", { ...SUMS, text: "Ann" });
  await page.tick(10);
  assert.deepEqual(shown(page), ["sums", SUMS.text]);
});

test("a file fills the box, keeps the options, and can be selected again", async (t) => {
  const page = openTextPicker(t);
  serveFile(page, "mine.txt", "one line\nanother");
  serveFile(page, "other.txt", "dropped");
  await page.chooseFiles("#textfile", file("one line\r\nanother", "mine.txt"));
  await page.tick(10);
  assert.deepEqual(shown(page), ["file", "one line\nanother"]);
  assert.equal(page.get("#text_choice [value=file]").textContent, "mine.txt");
  assert.equal(page.state("#panel_controls"), "edited");
  assert.equal(page.value("#opt_hidden_sizes"), "20, 20");
  await page.choose("#text_choice", "sums");
  await page.choose("#text_choice", "file");
  assert.deepEqual(shown(page), ["file", "one line\nanother"]);
  await page.drop("#ti", file("dropped", "other.txt"));
  await page.tick(10);
  assert.deepEqual(shown(page), ["file", "dropped"]);
  assert.deepEqual(
    page.all("#text_choice [value=file]").map(({ textContent }) => textContent),
    ["other.txt"],
  );
});

test("an unusable file shows an error at the box and changes nothing", async (t) => {
  const page = openTextPicker(t);
  page.connection.answers("PUT /api/text-file?name=notes.txt", refused("not_a_text", "text"));
  for (const [name, content, code] of /** @type {const} */ ([
    ["notes.txt", "%PDF-1.7", "not_a_text"],
    ["large.txt", "a".repeat(31), "file_too_large"],
  ])) {
    await page.drop("#ti", file(content, name));
    await page.tick(10);
    assert.equal(page.errorCode("#text_error"), code);
    assert.equal(page.get("#ti").ariaInvalid, "true");
    assert.deepEqual(shown(page), ["essays", ESSAYS]);
    assert.equal(page.state("#panel_controls"), "unedited");
  }
  serveFile(page, "notes.txt", "a good one");
  await page.chooseFiles("#textfile", file("a good one"));
  await page.tick(10);
  assert.equal(page.errorCode("#text_error"), null);
  assert.deepEqual(shown(page), ["file", "a good one"]);
});

test("several files fill the box together, and what is said about them is shown", async (t) => {
  const page = openTextPicker(t);
  serveFile(page, "a.txt&whole=1", "one", "read as Windows-1252");
  serveFile(page, "b.txt&whole=1", "two");
  await page.drop("#ti", file("2", "b.txt"), file("1", "a.txt"));
  await page.tick(10);
  assert.deepEqual(shown(page), ["file", "one\ntwo"]);
  assert.match(about(page) ?? "", /a\.txt.*1.*Windows-1252/);
});

test("a model dropped on the text is offered for loading, whatever its size", async (t) => {
  const page = openTextPicker(t);
  page.connection.answers("PUT /api/model.json", refused("matrix_missing", "json"), { ok: true });
  const model = `{"hidden_sizes": [2], "model": "${"<b>".repeat(50)}"}`;
  await page.drop("#ti", file(model, "<i>.json"));
  await page.tick(10);
  const offer = page.get("#dropped_model");
  assert.equal(offer.hidden, false);
  assert.match(offer.textContent ?? "", /<i>\.json/);
  assert.deepEqual(shown(page), ["essays", ESSAYS]);
  await page.click("#dropped_model button");
  await page.tick(10);
  assert.equal(offer.hidden, false);
  await page.click("#dropped_model button");
  await page.tick(10);
  assert.equal(offer.hidden, true);
  assert.deepEqual(page.connection.sent("PUT /api/model.json"), [model, model]);
  assert.ok(!page.connection.requests.some(({ event }) => event.startsWith("PUT /api/text")));
});

test("the same file can be opened again after it has changed", async (t) => {
  const page = openTextPicker(t);
  serveFile(page, "notes.txt", "a");
  const emptied = t.mock.setter(HTMLInputElement.prototype, "value");
  await page.chooseFiles("#textfile", file("a"));
  await page.tick(10);
  assert.deepEqual(
    emptied.mock.calls.map((call) => [call.this, call.arguments[0]]),
    [[page.get("#textfile"), ""]],
  );
});

test("a cancelled file dialog changes nothing", async (t) => {
  const page = openTextPicker(t);
  page.connection.answers("PUT /api/text-file?name=notes.txt", refused("no_sentences", "text"));
  await page.chooseFiles("#textfile", file(""));
  await page.tick(10);
  assert.equal(page.errorCode("#text_error"), "no_sentences");
  await page.chooseFiles("#textfile");
  assert.equal(page.errorCode("#text_error"), "no_sentences");
  assert.deepEqual(shown(page), ["essays", ESSAYS]);
});

test("the page has the limit of a file", (t) => {
  const page = openPage(t, { only: "#textfile" });
  assert.ok(Number(page.get("#textfile").dataset.most) > 1_000_000);
});
