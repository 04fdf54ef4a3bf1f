import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused } from "./support/state.js";
import { LogSlider } from "../../static/js/ui/log_slider.js";

/** @import { OkResult, ErrorResult } from "../../static/js/protocol" */

/** How long a moved slider ignores the server's value. */
const HOLD = 1_000;

/**
 * A page with a slider from 0.00001 to about 0.01, and a server that accepts its values.
 *
 * @param {import("node:test").TestContext} t
 */
function openSlider(t) {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = `
    <div>
      <input id="typed">
      <span id="text"></span>
      <input id="slider" type="range" min="-5" max="-2" step="any" value="-3" data-default="-3">
      <p class="slider-scale"><span class="slider-default" hidden></span></p>
    </div>`;
  const send = t.mock.fn(
    /** @type {(value: number | string) => Promise<OkResult | ErrorResult>} */ (
      async () => ({ ok: true })
    ),
  );
  const clearError = t.mock.fn();
  const slider = new LogSlider({
    slider: /** @type {HTMLInputElement} */ (page.get("#slider")),
    text: page.get("#text"),
    typed: /** @type {HTMLInputElement} */ (page.get("#typed")),
    decimals: 5,
    send,
    clearError,
  });
  const sent = () => send.mock.calls.map(({ arguments: [value] }) => value);
  return { page, slider, send, sent, clearError };
}

test("the server's value is shown by slider and field, and announced to screen readers", (t) => {
  const { page, slider } = openSlider(t);
  slider.setServerValue(0.001);
  assert.equal(page.value("#slider"), "-3");
  assert.equal(page.value("#typed"), "0.00100");
  assert.equal(page.get("#text").textContent, "0.00100");
  assert.equal(page.get("#slider").ariaValueText, "0.00100");
  assert.equal(Number(page.get("#slider").style.getPropertyValue("--at")).toFixed(3), "0.667");
});

test("the default is marked at its position on the scale", (t) => {
  const { page } = openSlider(t);
  const share = Number(page.get(".slider-scale").style.getPropertyValue("--default"));
  assert.equal(share.toFixed(3), "0.667");
  assert.equal(page.get(".slider-default").hidden, false);
});

test("a value outside the slider's range is shown in full, with the slider at its end", (t) => {
  const { page, slider } = openSlider(t);
  slider.setServerValue(0.0000012);
  assert.equal(page.value("#slider"), "-5");
  assert.equal(page.value("#typed"), "0.00000120");
  slider.setServerValue(0.5);
  assert.equal(page.value("#slider"), "-2");
  assert.equal(page.value("#typed"), "0.50000");
});

test("a moved slider ignores the server's value for a second", async (t) => {
  const { page, slider, sent } = openSlider(t);
  slider.setServerValue(0.001);
  page.type("#slider", "-4");
  assert.equal(page.value("#typed"), "0.00010");
  assert.deepEqual(sent(), [0.0001]);
  slider.setServerValue(0.002);
  await page.tick(HOLD - 100);
  assert.equal(page.value("#slider"), "-4");
  await page.tick(200);
  assert.equal(page.value("#typed"), "0.00200");
});

test("a slider that is held ignores the server's value until it is released", async (t) => {
  const { page, slider } = openSlider(t);
  slider.setServerValue(0.001);
  page.get("#slider").dispatchEvent(new Event("pointerdown"));
  page.type("#slider", "-4");
  await page.tick(3 * HOLD);
  slider.setServerValue(0.002);
  assert.equal(page.value("#slider"), "-4");
  page.get("#slider").dispatchEvent(new Event("pointerup"));
  await page.tick(HOLD + 10);
  assert.equal(page.value("#typed"), "0.00200");
});

test("a value has at most six digits, and one request is in flight at a time", async (t) => {
  const { page, send, sent } = openSlider(t);
  /** @type {(answer: OkResult) => void} */
  let answer = () => {};
  send.mock.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  for (const at of ["-4", "-4.2", "-4.3"]) page.type("#slider", at);
  await page.tick(500);
  assert.deepEqual(sent(), [0.0001]);
  answer({ ok: true });
  await page.tick(90);
  assert.equal(sent().length, 1); // because of the server's rate limit
  await page.tick(20);
  assert.deepEqual(sent(), [0.0001, 0.0000501187]);
});

test("the server's value does not overwrite typing, but moves the slider", (t) => {
  const { page, slider, sent } = openSlider(t);
  page.type("#typed", "0.00");
  slider.setServerValue(0.0001);
  assert.equal(page.value("#typed"), "0.00");
  assert.equal(page.value("#slider"), "-4");
  assert.deepEqual(sent(), []);
});

test("a typed value is sent as typed, and replaced by the server's once accepted", async (t) => {
  const { page, slider, sent, send } = openSlider(t);
  slider.setServerValue(0.001);
  send.mock.mockImplementation(async () => {
    slider.setServerValue(0.003);
    return { ok: true };
  });
  await page.choose("#typed", " 3e-3");
  assert.deepEqual(sent(), [" 3e-3"]);
  assert.equal(page.value("#typed"), "0.00300");
});

test("a refused value stays in the field until Escape or the slider replaces it", async (t) => {
  const { page, slider, send, clearError } = openSlider(t);
  slider.setServerValue(0.001);
  send.mock.mockImplementation(async () => refused("out_of_range", "rate"));
  await page.choose("#typed", "7");
  slider.setServerValue(0.002);
  assert.equal(page.value("#typed"), "7");
  page.press("#typed", "Enter");
  assert.equal(clearError.mock.callCount(), 0);
  page.press("#typed", "Escape");
  assert.equal(page.value("#typed"), "0.00200");
  assert.equal(clearError.mock.callCount(), 1);
  await page.choose("#typed", "7");
  page.type("#slider", "-4");
  assert.equal(page.value("#typed"), "0.00010");
});

test("typing during a request is not overwritten by the answer", async (t) => {
  const { page, slider, send } = openSlider(t);
  slider.setServerValue(0.002);
  /** @type {(answer: OkResult) => void} */
  let answer = () => {};
  send.mock.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  await page.choose("#typed", "0.001");
  page.type("#typed", "0.0015");
  answer({ ok: true });
  await page.settle();
  assert.equal(page.value("#typed"), "0.0015");
});

test("a typed value replaces a queued value of the slider", async (t) => {
  const { page, sent } = openSlider(t);
  page.type("#slider", "-4");
  page.type("#slider", "-4.5");
  await page.choose("#typed", "0.002");
  await page.tick(HOLD);
  assert.deepEqual(sent(), [0.0001, "0.002"]);
});
