import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { checksum } from "../../static/js/texts/picker.js";
import { charactersIn } from "../../static/js/texts/files.js";

const TEXTS = new URL("../../app/catalog/data/texts/", import.meta.url);

test("the checksum is Adler-32 of the text in UTF-8", () => {
  assert.equal(checksum(""), 1);
  assert.equal(checksum("Wikipedia"), 0x11e60398);
  assert.equal(checksum("é"), 36_766_061);
  assert.equal(checksum("\u{10ffff}".repeat(20_000)), 2_633_874_391);
});

test("every built-in text has the checksum and length that the page calculates", (t) => {
  const page = openPage(t, { only: "#text_choice" });
  const options = page.all("#text_choice option[data-checksum]");
  assert.ok(options.length > 0);
  for (const option of options) {
    const name = /** @type {HTMLOptionElement} */ (option).value;
    const text = readFileSync(new URL(`${name}.txt`, TEXTS), "utf8");
    assert.equal(String(checksum(text)), option.dataset.checksum, name);
    assert.equal(String(charactersIn(text)), option.dataset.characters, name);
  }
});
