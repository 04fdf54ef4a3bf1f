import assert from "node:assert/strict";
import { test } from "node:test";
import { exactPercent, nameOf, percent, quoted } from "../../static/js/format.js";

test("a visible character is its own name, and is quoted in a sentence", () => {
  for (const character of ["a", "日", "😀", "<"]) {
    assert.equal(nameOf(character), character);
    assert.equal(quoted(character), `“${character}”`);
  }
});

test("an invisible character has a name", () => {
  const invisible = ["", " ", "\t", "\u00a0", "\u2003", "\u200b"];
  const names = invisible.map(nameOf);
  assert.equal(new Set(names).size, invisible.length);
  assert.ok(names.every((name) => /^[\w +]{3,}$/.test(name)));
  assert.deepEqual(names.slice(-2), ["U+2003", "U+200B"]);
  assert.deepEqual(invisible.map(quoted), [...names.slice(0, -1), "U+200B ZERO WIDTH SPACE"]);
});

test("a combining accent is shown on a dotted circle", () => {
  assert.equal(nameOf("\u0301"), "◌\u0301");
});

test("a probability is rounded to a readable percentage", () => {
  const shares = [1, 0.5, 0.0995, 0.09949, 0.0123, 0.001, 0.0009];
  const expected = ["100 %", "50 %", "10 %", "9.9 %", "1.2 %", "0.1 %", "< 0.1 %"];
  assert.deepEqual(shares.map(percent), expected);
});

test("a probability with three significant digits, however small it is", () => {
  assert.deepEqual([0.123456, 0.00000123456].map(exactPercent), ["12.3 %", "0.000123 %"]);
});
