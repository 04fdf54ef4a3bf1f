import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf } from "../../static/js/inspect/projection.js";

for (const [kind, letters] of /** @type {const} */ ([
  ["vowel", ["a", "E", "é", "Ü", "ø", "и", "ω"]],
  ["consonant", ["t", "Z", "ñ", "ß", "ж", "日", "\u0301"]],
  ["digit", ["7", "٣", "½"]],
  ["sign", [" ", ".", "“", "\t", "🙂", "$"]],
  ["end", [""]],
])) {
  test(`${kind} is the kind of ${letters.map((each) => JSON.stringify(each)).join(" ")}`, () => {
    assert.deepEqual(new Set(letters.map(kindOf)), new Set([kind]));
  });
}
