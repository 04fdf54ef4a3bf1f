/**
 * A number that takes effect during training: a slider on a logarithmic scale with its default marked,
 * and a text field. Both show the server's value, which another tab may change, except while in use.
 */

/** @import { OkResult, ErrorResult } from "../protocol" */

import { sleep } from "../timing.js";
import { requireElement } from "./dom.js";

/** After the last move, the slider ignores the server's value for this long. */
const HOLD_MS = 1_000;
/** Between two requests: the server limits events per second. */
const SEND_INTERVAL_MS = 100;
/** Further digits are rounding errors of the logarithm. */
const SIGNIFICANT_DIGITS = 6;
/** The relative error allowed in the number shown. */
const TOLERANCE = 0.01;

/**
 * @typedef {object} LogSliderOptions
 * @property {HTMLInputElement} slider
 * @property {HTMLElement} text the number, under the id of the original page
 * @property {HTMLInputElement} typed shows the number and accepts input
 * @property {number} decimals of the number shown
 * @property {(value: number | string) => Promise<OkResult | ErrorResult>} send sends a number, or the text as typed
 * @property {() => void} clearError removes the error of the typed text
 */

export class LogSlider {
  #slider;
  #text;
  #typed;
  #decimals;
  #send;
  #clearError;

  /** @type {number | null} */
  #serverValue = null;
  /** @type {number | null} */
  #latest = null;
  #sending = false;
  #pressed = false;
  /** The field holds typed text that the server has not accepted. */
  #isTyped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hold;

  /** @param {LogSliderOptions} options */
  constructor({ slider, text, typed, decimals, send, clearError }) {
    this.#slider = slider;
    this.#text = text;
    this.#typed = typed;
    this.#decimals = decimals;
    this.#send = send;
    this.#clearError = clearError;
    slider.addEventListener("input", () => this.#handleInput());
    slider.addEventListener("pointerdown", () => this.#setPressed(true));
    for (const end of ["pointerup", "pointercancel"]) {
      slider.addEventListener(end, () => this.#setPressed(false));
    }
    typed.addEventListener("input", () => {
      this.#isTyped = true;
    });
    typed.addEventListener("change", () => this.#submit()); // Enter fires it too
    typed.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#cancel();
    });
    this.#markDefault();
  }

  /**
   * Show the server's value, unless the slider is in use.
   *
   * @param {number} value
   */
  setServerValue(value) {
    this.#serverValue = value;
    if (!this.#isHeld()) this.#renderServerValue();
  }

  #handleInput() {
    const value = Number((10 ** this.#slider.valueAsNumber).toPrecision(SIGNIFICANT_DIGITS));
    this.#isTyped = false;
    this.#render(value);
    this.#restartHold();
    this.#sendLatest(value);
  }

  /** Send the text as typed: the server validates it. Refused text stays in the field. */
  async #submit() {
    const typed = this.#typed.value;
    this.#latest = null;
    const answer = await this.#send(typed);
    if (answer.ok && this.#typed.value === typed) this.#reset();
  }

  #cancel() {
    this.#reset();
    this.#clearError();
  }

  #reset() {
    this.#isTyped = false;
    this.#renderServerValue();
  }

  /** @param {boolean} pressed */
  #setPressed(pressed) {
    this.#pressed = pressed;
    this.#restartHold();
  }

  #restartHold() {
    clearTimeout(this.#hold);
    this.#hold = setTimeout(() => {
      this.#hold = undefined;
      if (!this.#isHeld()) this.#renderServerValue();
    }, HOLD_MS);
  }

  #isHeld() {
    return this.#pressed || this.#hold !== undefined;
  }

  #renderServerValue() {
    if (this.#serverValue === null) return;
    this.#slider.value = String(Math.log10(this.#serverValue));
    this.#render(this.#serverValue);
  }

  /** @param {number} value */
  #render(value) {
    const text = format(value, this.#decimals);
    this.#text.textContent = text;
    this.#slider.setAttribute("aria-valuetext", text);
    this.#slider.style.setProperty("--at", String(positionOf(this.#slider)));
    if (!this.#isTyped && this.#typed.value !== text) this.#typed.value = text;
  }

  #markDefault() {
    const scale = requireElement(
      this.#slider.parentElement ?? this.#slider,
      ".slider-scale",
      HTMLElement,
    );
    const { min, max, dataset } = this.#slider;
    scale.style.setProperty("--default", String(position(Number(dataset.default), min, max)));
    requireElement(scale, ".slider-default", HTMLElement).hidden = false; // hidden until positioned
  }

  /**
   * Send the newest value, one request at a time: values in between are skipped.
   *
   * @param {number} value
   */
  async #sendLatest(value) {
    this.#latest = value;
    if (this.#sending) return;
    this.#sending = true;
    while (this.#latest !== null) {
      const newest = this.#latest;
      this.#latest = null;
      await this.#send(newest);
      await sleep(SEND_INTERVAL_MS);
    }
    this.#sending = false;
  }
}

/**
 * A number with fixed decimals, or with three digits if it is too small for them.
 *
 * @param {number} value
 * @param {number} decimals
 */
function format(value, decimals) {
  const text = value.toFixed(decimals);
  return Math.abs(Number(text) - value) <= TOLERANCE * value ? text : value.toPrecision(3);
}

/** @param {HTMLInputElement} slider */
function positionOf({ valueAsNumber, min, max }) {
  return position(valueAsNumber, min, max);
}

/**
 * The position of a value on the slider, from 0 to 1.
 *
 * @param {number} value
 * @param {string} min
 * @param {string} max
 */
function position(value, min, max) {
  return (value - Number(min)) / (Number(max) - Number(min));
}
