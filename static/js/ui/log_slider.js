/**
 * A number that acts while the network learns: a slider over its logarithm, with a mark at its
 * default, and a field to type it into. Both follow the server's number, which another tab may
 * change too, except while the person is at them.
 */

/** @import { OkResult, ErrorResult } from "../protocol" */

import { requireElement } from "./dom.js";

/** How long after the last move the slider is still the person's: the server's answer is on its way. */
const HOLD_MS = 1_000;
/** Between two numbers that are sent: a server takes so many events a second from one page. */
const PAUSE_MS = 100;
/** More digits would only be noise from the logarithm. */
const SIGNIFICANT_DIGITS = 6;
/** A number that is shown may differ by this share of itself from the true one. */
const TOLERANCE = 0.01;

/**
 * @typedef {object} LogSliderOptions
 * @property {HTMLInputElement} slider
 * @property {HTMLElement} text where programs that know the original's page read the number
 * @property {HTMLInputElement} typed where the number is shown, and can be typed
 * @property {number} decimals of the number shown
 * @property {(value: number | string) => Promise<OkResult | ErrorResult>} send gives the server a number, or what was typed
 * @property {() => void} clearError takes back what was said of something typed
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
  /** The field holds what the person has typed, and the server has not taken. */
  #isTyped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hold;

  /** @param {LogSliderOptions} parts */
  constructor({ slider, text, typed, decimals, send, clearError }) {
    this.#slider = slider;
    this.#text = text;
    this.#typed = typed;
    this.#decimals = decimals;
    this.#send = send;
    this.#clearError = clearError;
    slider.addEventListener("input", () => this.#moved());
    slider.addEventListener("pointerdown", () => this.#press(true));
    for (const end of ["pointerup", "pointercancel"]) {
      slider.addEventListener(end, () => this.#press(false));
    }
    typed.addEventListener("input", () => {
      this.#isTyped = true;
    });
    typed.addEventListener("change", () => this.#submit()); // Enter makes it a change, too
    typed.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#cancel();
    });
    this.#markDefault();
  }

  /**
   * The server's number is this now.
   *
   * @param {number} value
   */
  follow(value) {
    this.#serverValue = value;
    if (!this.#isHeld()) this.#renderServerValue();
  }

  #moved() {
    const value = Number((10 ** this.#slider.valueAsNumber).toPrecision(SIGNIFICANT_DIGITS));
    this.#isTyped = false;
    this.#render(value);
    this.#holdOn();
    this.#sendLatest(value);
  }

  /** What was typed is the server's to judge; what it refuses stays, to be mended. */
  async #submit() {
    const words = this.#typed.value;
    this.#latest = null;
    const answer = await this.#send(words);
    if (answer.ok && this.#typed.value === words) this.#reset();
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
  #press(pressed) {
    this.#pressed = pressed;
    this.#holdOn();
  }

  #holdOn() {
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
    const words = inWords(value, this.#decimals);
    this.#text.textContent = words;
    this.#slider.setAttribute("aria-valuetext", words);
    this.#slider.style.setProperty("--at", String(shareOf(this.#slider)));
    if (!this.#isTyped && this.#typed.value !== words) this.#typed.value = words;
  }

  #markDefault() {
    const scale = requireElement(
      this.#slider.parentElement ?? this.#slider,
      ".slider-scale",
      HTMLElement,
    );
    const { min, max, defaultValue } = this.#slider;
    scale.style.setProperty("--default", String(share(Number(defaultValue), min, max)));
    requireElement(scale, ".slider-default", HTMLElement).hidden = false; // it is where it stays
  }

  /**
   * A slider moves faster than the server answers: one number is under way at a time, and of those
   * wanted until a little after its answer only the newest goes out next.
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
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#sending = false;
  }
}

/**
 * With so many decimals; a number that is too small for them with its first digits.
 *
 * @param {number} value
 * @param {number} decimals
 */
function inWords(value, decimals) {
  const words = value.toFixed(decimals);
  return Math.abs(Number(words) - value) <= TOLERANCE * value ? words : value.toPrecision(3);
}

/** @param {HTMLInputElement} slider */
function shareOf({ valueAsNumber, min, max }) {
  return share(valueAsNumber, min, max);
}

/**
 * How far along its way a slider is.
 *
 * @param {number} value
 * @param {string} min
 * @param {string} max
 */
function share(value, min, max) {
  return (value - Number(min)) / (Number(max) - Number(min));
}
