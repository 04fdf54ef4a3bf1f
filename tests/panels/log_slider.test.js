import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { refused } from "./support/state.js";
import { LogSlider } from "../../static/js/ui/log_slider.js";

/** @import { OkResult, ErrorResult } from "../../static/js/protocol" */

/** How long a slider stays the person's after its last move. */
const HOLD = 1_000;

/**
 * A page with nothing but a slider for 0.00001 to about 0.01, and a server that takes what it sends.
 *
 * @param {import("node:test").TestContext} t
 */
function openSlider(t) {
  const page = openPage(t, { variant: "blank" });
  document.body.innerHTML = `
    <div>
      <input id="typed">
      <span id="text"></span>
      <input id="slider" type="range" min="-5" max="-2" step="any" value="-3">
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

test("the server's number is shown in both, and told to those who listen", (t) => {
  const { page, slider } = openSlider(t);
  slider.setServerValue(0.001);
  assert.equal(page.value("#slider"), "-3");
  assert.equal(page.value("#typed"), "0.00100");
  assert.equal(page.get("#text").textContent, "0.00100");
  assert.equal(page.get("#slider").ariaValueText, "0.00100");
  assert.equal(Number(page.get("#slider").style.getPropertyValue("--at")).toFixed(3), "0.667");
});

test("the default has its mark where it is on the scale", (t) => {
  const { page } = openSlider(t);
  const share = Number(page.get(".slider-scale").style.getPropertyValue("--default"));
  assert.equal(share.toFixed(3), "0.667");
  assert.equal(page.get(".slider-default").hidden, false);
});

test("a number outside the slider's range is shown with its digits, the slider at its end", (t) => {
  const { page, slider } = openSlider(t);
  slider.setServerValue(0.0000012);
  assert.equal(page.value("#slider"), "-5");
  assert.equal(page.value("#typed"), "0.00000120");
  slider.setServerValue(0.5);
  assert.equal(page.value("#slider"), "-2");
  assert.equal(page.value("#typed"), "0.50000");
});

test("a slider that was moved stays where it is until the server has had a second", async (t) => {
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

test("a slider that is held stays the person's for as long as it is", async (t) => {
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

test("a number has six digits at most, and one is under way at a time", async (t) => {
  const { page, send, sent } = openSlider(t);
  /** @type {(answer: OkResult) => void} */
  let answer = () => {};
  send.mock.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  for (const at of ["-4", "-4.2", "-4.3"]) page.type("#slider", at);
  await page.tick(500);
  assert.deepEqual(sent(), [0.0001]);
  answer({ ok: true });
  await page.tick(90);
  assert.equal(sent().length, 1); // a server takes so many in a second
  await page.tick(20);
  assert.deepEqual(sent(), [0.0001, 0.0000501187]);
});

test("what is being typed is left alone, while the slider follows", (t) => {
  const { page, slider, sent } = openSlider(t);
  page.type("#typed", "0.00");
  slider.setServerValue(0.0001);
  assert.equal(page.value("#typed"), "0.00");
  assert.equal(page.value("#slider"), "-4");
  assert.deepEqual(sent(), []);
});

test("what was typed is sent as it is, and shown as the server has it once it is taken", async (t) => {
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

test("what is refused stays to be mended, and Escape or the slider takes its place", async (t) => {
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

test("who types on before the answer has come keeps what they type", async (t) => {
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

test("a number that is typed takes the place of one the slider still wants to send", async (t) => {
  const { page, sent } = openSlider(t);
  page.type("#slider", "-4");
  page.type("#slider", "-4.5");
  await page.choose("#typed", "0.002");
  await page.tick(HOLD);
  assert.deepEqual(sent(), [0.0001, "0.002"]);
});
