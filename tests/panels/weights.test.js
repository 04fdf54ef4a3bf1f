import assert from "node:assert/strict";
import { test } from "node:test";
import { matrix, rowsOf, textOf, weightsResult } from "./support/results.js";
import { openPage } from "./support/page.js";
import { frame, OPTIONS, refused, state } from "./support/state.js";
import * as weights from "../../static/js/inspect/weights.js";

/** @import { WeightsResult } from "../../static/js/protocol" */
/** @import { StateChanges } from "./support/state.js" */
/** @typedef {ReturnType<typeof openPage>} Page */

/**
 * @param {import("node:test").TestContext} t
 * @param {WeightsResult} answer
 * @param {StateChanges} [changes]
 */
async function openWeights(t, answer, changes) {
  const page = openPage(t, { only: "#panel_weights" });
  page.mount("#panel_weights", weights);
  page.connection.answers("weights", answer);
  page.connection.begin(changes);
  await page.scrollTo("#panel_weights .inspect-body");
  return page;
}

/**
 * @param {Page} page
 * @param {string} part
 */
function texts(page, part) {
  return page.all(`#panel_weights tbody .${part}`).map(textOf);
}

test("each matrix is a row of values with a heading, and its plots are hidden from screen readers", async (t) => {
  const page = await openWeights(
    t,
    weightsResult([matrix("Wil"), matrix("Wix0", { shape: [20, 30], spread: 0, change: null })]),
  );
  assert.equal(page.state("#panel_weights"), "shown");
  assert.deepEqual(
    rowsOf(page, "#panel_weights").map(([, ...cells]) => cells),
    [
      ["20 × 5", "−1 to 1", "0.12", "", "0.1 % "],
      ["20 × 30", "−1 to 1", "0", "", "– "],
    ],
  );
  assert.deepEqual(texts(page, "matrix-name"), ["Wil", "Wix0"]);
  assert.equal(page.all("#panel_weights tbody th[scope=row]").length, 2);
  const pictures = page.all("#panel_weights tbody svg");
  assert.equal(pictures.length, 4);
  assert.ok(pictures.every((picture) => picture.getAttribute("aria-hidden") === "true"));
});

test("the rows are reused and updated while the network trains", async (t) => {
  const page = await openWeights(t, weightsResult([matrix("Wil")]));
  const [row] = page.all("#panel_weights tbody tr");
  const bars = () => page.get("#panel_weights .changes-bars").getAttribute("d");
  const before = bars();
  const changes = { low: -6, high: 0, counts: [4, 0, 1] };
  page.connection.answers("weights", weightsResult([matrix("Wil", { change: 0.002, changes })]));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.deepEqual(texts(page, "matrix-median"), ["0.2 %"]);
  assert.notEqual(bars(), before);
  assert.equal(page.get("#panel_weights tbody tr"), row);
});

test("a network with fewer matrices removes the other rows", async (t) => {
  const page = await openWeights(t, weightsResult([matrix("Wil"), matrix("Wix0")]));
  page.connection.answers("weights", weightsResult([matrix("Whd")]));
  page.connection.emit("state", state({ version: 2 }));
  await page.tick(510);
  assert.deepEqual(texts(page, "matrix-name"), ["Whd"]);
});

test("before the first step there is no verdict, and no bars", async (t) => {
  const still = matrix("Wil", { change: null, changes: null });
  const page = await openWeights(t, weightsResult([still], { change_at: null, clipped: null }));
  assert.equal(page.state("#weights_verdict"), "unknown");
  assert.notEqual(textOf(page.get("#weights_verdict")), "");
  assert.equal(textOf(page.get("#weights_clipped")).trim(), "");
  assert.equal(page.get("#panel_weights .changes-bars").getAttribute("d"), "");
  page.connection.answers("weights", weightsResult([matrix("Wil")]));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.equal(page.state("#weights_verdict"), "usual");
});

test("the update of most weights has a verdict, and each matrix is annotated", async (t) => {
  const page = await openWeights(t, weightsResult([]));
  let steps = 300;
  for (const [change, verdict, share, remark] of /** @type {const} */ ([
    [0.05, "very-high", "5 %", "high"],
    [0.02, "high", "2 %", "high"],
    [0.001, "usual", "0.1 %", ""],
    [0.000_02, "low", "0.002 %", "low"],
    [0.000_001, "very-low", "0.0001 %", "low"],
  ])) {
    page.connection.answers("weights", weightsResult([matrix("Wil", { change })]));
    page.connection.emit("frame", frame({ steps: steps++ }));
    await page.tick(510);
    assert.equal(page.state("#weights_verdict"), verdict);
    assert.ok(textOf(page.get("#weights_verdict")).includes(` ${share} `));
    assert.deepEqual(texts(page, "matrix-remark"), [remark]);
  }
});

test("a matrix counts in the verdict in proportion to its weights", async (t) => {
  const page = await openWeights(
    t,
    weightsResult([
      matrix("bd", { shape: [10, 1], change: 0.05 }),
      matrix("bi0", { shape: [10, 1], change: 0.05 }),
      matrix("Whd", { shape: [10, 10], change: 0.001 }),
    ]),
  );
  assert.equal(page.state("#weights_verdict"), "usual");
});

test("the clipped fraction is shown with its limit and its step", async (t) => {
  const options = { ...OPTIONS, clip: 3 };
  const page = await openWeights(t, weightsResult([matrix("Wil")]), { options });
  const text = textOf(page.get("#weights_clipped"));
  assert.match(text, /\b3\b.*\b25 %.*\b1,234\b/);
  page.connection.answers("weights", weightsResult([matrix("Wil")], { clips_norm: true }));
  page.connection.emit("frame", frame({ steps: 300 }));
  await page.tick(510);
  assert.notEqual(textOf(page.get("#weights_clipped")), text); // of steps, not of gradients
});

test("with several layers one is selected, with a single one it is the first", async (t) => {
  const page = await openWeights(t, weightsResult([matrix("Wix0")]));
  assert.equal(page.get("#weights_layers").hidden, false);
  assert.equal(page.all("#weights_layer option").length, 2);
  page.connection.answers("weights", weightsResult([matrix("Wix1")]));
  await page.choose("#weights_layer", "2");
  assert.deepEqual(page.connection.sent("weights"), [{ layer: 1 }, { layer: 2 }]);
  assert.deepEqual(texts(page, "matrix-name"), ["Wix1"]);
  const options = { ...OPTIONS, hidden_sizes: [8] };
  page.connection.emit("state", state({ version: 2, options }));
  await page.settle();
  assert.deepEqual(page.connection.sent("weights").at(-1), { layer: 1 });
  assert.equal(page.get("#weights_layers").hidden, true);
});

test("the selected layer stays if the new network has it", async (t) => {
  const page = await openWeights(t, weightsResult([matrix("Wix0")]));
  await page.choose("#weights_layer", "2");
  const options = { ...OPTIONS, hidden_sizes: [8, 8, 8] };
  page.connection.emit("state", state({ version: 2, options }));
  assert.equal(page.value("#weights_layer"), "2");
  assert.equal(page.all("#weights_layer option").length, 3);
});

test("an error of the layer is shown at its field, not as a notice", async (t) => {
  const page = await openWeights(t, weightsResult([matrix("Wix0")]));
  page.connection.answers("weights", refused("no_such_layer", "layer"));
  await page.choose("#weights_layer", "2");
  assert.equal(page.errorCode("#weights_layer_error"), "no_such_layer");
  assert.equal(page.get("#weights_layer").ariaInvalid, "true");
  assert.equal(page.state("#panel_weights"), "outdated");
  assert.deepEqual(page.store.page.notices, []);
  page.connection.answers("weights", weightsResult([matrix("Wix0")]));
  await page.choose("#weights_layer", "1");
  assert.equal(page.errorCode("#weights_layer_error"), null);
});

test("a server error is shown in the panel", async (t) => {
  const page = openPage(t, { only: "#panel_weights" });
  page.mount("#panel_weights", weights);
  page.connection.answers("weights", refused("busy"));
  page.connection.begin();
  await page.scrollTo("#panel_weights > summary"); // only the summary is in view
  assert.deepEqual(page.connection.sent("weights"), []);
  await page.scrollTo("#panel_weights .inspect-body");
  assert.equal(page.errorCode("#weights_wait"), "busy");
  assert.equal(page.state("#panel_weights"), "refused");
});
