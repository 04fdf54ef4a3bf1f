import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { DivergingScale, toDecimals } from "../../static/js/ui/color_scale.js";

test("an activation beyond the scale has the colour of its end", (t) => {
  openPage(t, { variant: "blank" });
  const { body } = document;
  const tokens = {
    "--below": "rgb(0, 0, 10)",
    "--zero": "rgb(0, 0, 0)",
    "--above": "rgb(10, 0, 0)",
  };
  for (const [name, colour] of Object.entries(tokens)) body.style.setProperty(name, colour);
  const colours = new DivergingScale(body, () => {});
  assert.deepEqual(
    [-9, -2, -1, 0, 1, 2, 9].map((activation) => colours.css(activation, 2)),
    [
      "rgb(0 0 10)",
      "rgb(0 0 10)",
      "rgb(0 0 5)",
      "rgb(0 0 0)",
      "rgb(5 0 0)",
      "rgb(10 0 0)",
      "rgb(10 0 0)",
    ],
  );
});

test("an activation has two decimals and a true minus sign, but zero has no sign", () => {
  assert.deepEqual([0.126, -0.126, -0.001, -1].map(toDecimals), ["0.13", "−0.13", "0.00", "−1.00"]);
});
