import assert from "node:assert/strict";
import { test } from "node:test";
import { gradientCheckResult, rowsOf, textOf } from "./support/results.js";
import { openPage } from "./support/page.js";
import { frame, refused, state } from "./support/state.js";
import * as gradientCheck from "../../static/js/inspect/gradient_check.js";

const FIRST = { name: "Wil", graph: 1.24e-8, kernels: 3.4e-7, checked: 10, numbers: 160 };
const SECOND = { name: "Wix0", graph: 0, kernels: 2e-9, checked: 10, numbers: 1_400 };
const RIGHT = [FIRST, SECOND];

/** @param {import("node:test").TestContext} t */
function openGradientCheck(t) {
  const page = openPage(t, { only: "#panel_gradient_check" });
  page.mount("#panel_gradient_check", gradientCheck);
  page.connection.begin();
  return page;
}

/** @param {ReturnType<typeof openPage>} page */
function at(page) {
  return page.state("#panel_gradient_check");
}

test("the gradients are checked only when the button is pressed", async (t) => {
  const page = openGradientCheck(t);
  await page.scrollTo("#panel_gradient_check .inspect-body");
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(2_000);
  assert.deepEqual([page.connection.sent("gradient_check"), at(page)], [[], "ready"]);
  await page.click("#gradient_check");
  assert.deepEqual(page.connection.sent("gradient_check"), [{}]);
});

test("while a check runs the button is busy, keeps the focus and ignores clicks", async (t) => {
  const page = openGradientCheck(t);
  page.get("#gradient_check").focus();
  await page.click("#gradient_check");
  await page.click("#gradient_check");
  assert.equal(page.connection.sent("gradient_check").length, 1);
  assert.equal(page.get("#gradient_check").ariaBusy, "true");
  assert.equal(document.activeElement?.id, "gradient_check");
  assert.equal(at(page), "busy");
  assert.notEqual(textOf(page.get("#gradient_check_outcome")), "");
  page.connection.answer("gradient_check", gradientCheckResult(...RIGHT));
  await page.settle();
  assert.equal(page.get("#gradient_check").ariaBusy, null);
  assert.equal(at(page), "agreed");
});

test("each matrix is a row with its errors and the number of weights checked", async (t) => {
  const page = openGradientCheck(t);
  page.connection.answers("gradient_check", gradientCheckResult(...RIGHT));
  assert.equal(page.get("#gradient_check_results").hidden, true);
  await page.click("#gradient_check");
  assert.equal(page.get("#gradient_check_results").hidden, false);
  const rows = rowsOf(page, "#gradient_check_results");
  assert.deepEqual(
    rows.map(([, ...cells]) => cells),
    [
      ["1.2 × 10⁻⁸", "3.4 × 10⁻⁷", "10 of 160"],
      ["0", "2.0 × 10⁻⁹", "10 of 1,400"],
    ],
  );
  assert.deepEqual(page.all("#gradient_check_results th[scope=row] .matrix-name").map(textOf), [
    "Wil",
    "Wix0",
  ]);
  assert.match(textOf(page.get("#gradient_check_steps")), /\b1,234\b/);
});

test("the largest error and the number of matrices are announced to screen readers", async (t) => {
  const page = openGradientCheck(t);
  page.connection.answers("gradient_check", gradientCheckResult(...RIGHT));
  await page.click("#gradient_check");
  const outcome = page.get("#gradient_check_outcome");
  assert.equal(outcome.getAttribute("role"), "status");
  assert.match(textOf(outcome), /\b2\b.* 3\.4 × 10⁻⁷/);
});

test("markup in the sentence is escaped", async (t) => {
  const page = openGradientCheck(t);
  page.connection.answers("gradient_check", gradientCheckResult(...RIGHT));
  await page.click("#gradient_check");
  assert.equal(textOf(page.get("#gradient_check_sentence")), "<b>a</b> sentence");
});

test("a disagreeing matrix is named, and its cell is marked", async (t) => {
  const page = openGradientCheck(t);
  const wrong = gradientCheckResult({ ...FIRST, kernels: 0.02 }, { ...SECOND, graph: null });
  page.connection.answers("gradient_check", wrong);
  await page.click("#gradient_check");
  assert.equal(at(page), "disagreed");
  assert.match(textOf(page.get("#gradient_check_outcome")), /\b2\b.*\b2\b.*\bWil\b.*\bWix0\b/);
  const cells = page.all("#gradient_check_results td");
  const marked = cells.map((cell) => cell.querySelector(".check-wrong") !== null);
  assert.deepEqual(marked, [false, true, false, true, false, false]);
});

test("a rounding error agrees, a larger error does not", async (t) => {
  const page = openGradientCheck(t);
  page.connection.answers(
    "gradient_check",
    gradientCheckResult({ ...FIRST, graph: 0.001 }),
    gradientCheckResult({ ...FIRST, graph: 0.0011 }),
  );
  await page.click("#gradient_check");
  assert.equal(at(page), "agreed");
  await page.click("#gradient_check");
  assert.equal(at(page), "disagreed");
});

test("of many disagreeing matrices four are named, and the others counted", async (t) => {
  const page = openGradientCheck(t);
  const names = ["Wil", "Wix0", "Wih0", "bi0", "Wfx0", "Wfh0"];
  const matrices = names.map((name) => ({ ...FIRST, name, graph: 1, kernels: 1 }));
  page.connection.answers("gradient_check", gradientCheckResult(...matrices));
  await page.click("#gradient_check");
  const announced = textOf(page.get("#gradient_check_outcome"));
  const named = names.filter((name) => announced.includes(name));
  assert.deepEqual(named, names.slice(0, 4));
  assert.match(announced, /\b2\b/);
});

test("an error is shown at the button, not as a notice, until it is pressed again", async (t) => {
  const page = openGradientCheck(t);
  page.connection.answers("gradient_check", refused("too_many_weights"));
  await page.click("#gradient_check");
  assert.equal(page.errorCode("#gradient_check_error"), "too_many_weights");
  assert.equal(at(page), "refused");
  assert.equal(textOf(page.get("#gradient_check_outcome")), "");
  assert.deepEqual(page.store.page.notices, []);
  page.connection.answers("gradient_check", gradientCheckResult(...RIGHT));
  await page.click("#gradient_check");
  assert.equal(page.errorCode("#gradient_check_error"), null);
});

test("a new network clears the outcome, a repeated state does not", async (t) => {
  const page = openGradientCheck(t);
  page.connection.answers("gradient_check", gradientCheckResult(...RIGHT), refused("busy"));
  await page.click("#gradient_check");
  page.connection.emit("state", state());
  assert.equal(at(page), "agreed");
  page.connection.emit("state", state({ version: 2 }));
  assert.equal(at(page), "ready");
  assert.equal(page.get("#gradient_check_results").hidden, true);
  assert.equal(textOf(page.get("#gradient_check_outcome")), "");
  await page.click("#gradient_check");
  assert.equal(at(page), "refused");
  page.connection.emit("state", state({ version: 3 }));
  assert.deepEqual([at(page), page.errorCode("#gradient_check_error")], ["ready", null]);
});

test("the outcome of a network replaced meanwhile is an error with its own code", async (t) => {
  const page = openGradientCheck(t);
  await page.click("#gradient_check");
  page.connection.emit("state", state({ version: 2 }));
  assert.equal(at(page), "busy");
  page.connection.answer("gradient_check", gradientCheckResult(...RIGHT));
  await page.settle();
  assert.equal(page.errorCode("#gradient_check_error"), "replaced_while_checking");
  assert.equal(at(page), "refused");
  assert.equal(page.get("#gradient_check_results").hidden, true);
});
