import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused, state } from "./support/state.js";
import * as controls from "../../static/js/panels/controls.js";
import * as sentences from "../../static/js/texts/input.js";

const PANELS = "#panel_sentences, #panel_controls";

/** @param {import("node:test").TestContext} t */
function openTextInput(t) {
  const page = openPage(t, { only: PANELS });
  page.mount("#panel_sentences", sentences);
  page.mount("#panel_controls", controls);
  return page;
}

test("the box shows the network's text, and learn sends the edited text", async (t) => {
  const page = openTextInput(t);
  assert.equal(page.state("#panel_sentences"), "loading");
  page.connection.begin({ text: "one\r\ntwo" });
  assert.equal(page.state("#panel_sentences"), "ready");
  assert.equal(page.value("#ti"), "one\ntwo");
  assert.equal(page.state("#panel_controls"), "unedited");
  page.type("#ti", "my own\nwords");
  assert.equal(page.state("#panel_controls"), "edited");
  await page.click("#learn");
  assert.equal(page.connection.sent("learn")[0].text, "my own\nwords");
});

/**
 * A page whose network trains on a built-in text, which the server sends on request.
 *
 * @param {import("node:test").TestContext} t
 */
function openBuiltIn(t) {
  const page = openPage(t, { only: PANELS });
  const text = "a sentence\n".repeat(1_000);
  page.get("#text_choice [data-sha256]").dataset.sha256 = `of ${text}`;
  page.mount("#panel_sentences", sentences);
  page.mount("#panel_controls", controls);
  page.connection.answers("GET /api/text", { ok: true, checksum: `of ${text}`, text });
  page.connection.begin({ text });
  return { page, text };
}

for (const part of [".source", "#ti"]) {
  test(`a built-in text is fetched when ${part} comes into view`, async (t) => {
    const { page, text } = openBuiltIn(t);
    await page.tick(2_000);
    assert.deepEqual(page.connection.sent("GET /api/text"), []);
    await page.scrollTo(part);
    assert.equal(page.value("#ti"), text);
    assert.equal(page.state("#panel_controls"), "unedited");
  });
}

test("learn fetches a built-in text that was not in view", async (t) => {
  const { page, text } = openBuiltIn(t);
  await page.click("#learn");
  await page.settle();
  assert.equal(page.connection.sent("learn")[0].text, text);
});

test("a text of the user's own is fetched at once: a lost session can be trained again", async (t) => {
  const page = openTextInput(t);
  const text = "my own words\n".repeat(1_000);
  page.connection.answers("GET /api/text", { ok: true, checksum: `of ${text}`, text });
  page.connection.begin({ text });
  await page.settle();
  assert.equal(page.value("#ti"), text);
  page.connection.emit("state", state({ session: "other" }));
  assert.equal(page.value("#ti"), text);
  assert.equal(page.state("#panel_controls"), "edited");
});

test("another network's text replaces the text in the box unless the user has edited it", (t) => {
  const page = openTextInput(t);
  page.connection.begin();
  page.connection.emit("state", state({ version: 2, text: "another" }));
  assert.equal(page.value("#ti"), "another");
  page.type("#ti", "being written");
  page.connection.emit("state", state({ version: 3, text: "a third" }));
  assert.equal(page.value("#ti"), "being written");
});

test("sentences typed before the scripts load are not overwritten by the network's text", (t) => {
  const page = openPage(t, { only: PANELS });
  /** @type {HTMLTextAreaElement} */ (page.get("#ti")).value = "typed early";
  page.mount("#panel_sentences", sentences);
  page.mount("#panel_controls", controls);
  page.connection.begin();
  assert.equal(page.value("#ti"), "typed early");
  assert.equal(page.store.page.draft.text, "typed early");
  assert.equal(page.state("#panel_controls"), "edited");
});

test("an error is shown at the box until the text is edited", async (t) => {
  const page = openTextInput(t);
  page.connection.begin();
  page.connection.answers("learn", refused("no_sentence", "text"));
  page.type("#ti", "\n  \n\t\n");
  await page.click("#learn");
  assert.equal(page.state("#panel_sentences"), "refused");
  assert.equal(page.errorCode("#text_error"), "no_sentence");
  assert.equal(page.get("#text_error").role, "alert");
  assert.equal(page.get("#ti").ariaInvalid, "true");
  assert.equal(document.activeElement?.id, "ti");
  assert.equal(page.value("#ti"), "\n  \n\t\n");
  page.type("#ti", "now there is one");
  assert.equal(page.state("#panel_sentences"), "ready");
  assert.equal(page.errorCode("#text_error"), null);
  assert.equal(page.get("#ti").ariaInvalid, null);
});

test("the characters found are those of the network, not of the box", (t) => {
  const page = openTextInput(t);
  page.connection.begin({ vocabulary: ["<", "b", ">"] });
  const found = () => page.get("#prepro_status").textContent ?? "";
  assert.match(found(), /\b3\b.*<b>$/);
  assert.equal(page.get("#prepro_status").childElementCount, 0);
  page.type("#ti", "abcdefg");
  assert.match(found(), /\b3\b.*<b>$/);
  const vocabulary = Array.from({ length: 123 }, (_, index) => String.fromCodePoint(4e4 + index));
  page.connection.emit("state", state({ version: 2, vocabulary }));
  assert.match(found(), /\b123\b.*\b3\b/);
  assert.ok(found().includes(vocabulary.slice(0, 120).join("")));
  assert.ok(!found().includes(String(vocabulary[120])));
});

test("characters that cannot be seen are shown by name", (t) => {
  const page = openTextInput(t);
  page.connection.begin({ vocabulary: ["a", " ", "\u200b", "\u001b", "\u0301", "b"] });
  const found = page.get("#prepro_status").textContent ?? "";
  assert.ok(found.endsWith("a [U+200B ZERO WIDTH SPACE][U+001B]◌\u0301b"), found);
});
