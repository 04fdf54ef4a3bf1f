import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, roundPercent, scientific, wholePercent } from "../../static/js/format.js";

test("a share is rounded to its significant digits, with a non-breaking space before the sign", () => {
  assert.equal(roundPercent(0), "0\u00a0%");
  assert.equal(roundPercent(0.12345), "12\u00a0%");
  assert.equal(roundPercent(0.12345, 3), "12.3\u00a0%");
  assert.equal(roundPercent(0.0000123), "0.0012\u00a0%");
  assert.equal(roundPercent(1), "100\u00a0%");
  assert.equal(wholePercent(0.126), "13\u00a0%");
});

test("a share below the threshold is shown as less than the threshold", () => {
  const smallest = roundPercent(1e-7, 1);
  assert.equal(smallest, "0.00001\u00a0%");
  assert.ok(roundPercent(1e-9).endsWith(smallest));
  assert.notEqual(roundPercent(1e-9), smallest);
});

test("negative numbers have a true minus sign", () => {
  assert.equal(plain(-1.234), "−1.2");
  assert.equal(plain(-1.234, 3), "−1.23");
  assert.equal(plain(0.000456), "0.00046");
});

test("a number in scientific notation", () => {
  assert.equal(scientific(0), "0");
  assert.equal(scientific(3.42e-7), "3.4\u00a0×\u00a010⁻⁷");
  assert.equal(scientific(-1.25e12), "−1.3\u00a0×\u00a010¹²");
});
