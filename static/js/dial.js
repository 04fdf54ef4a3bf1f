/**
 * A slider over the logarithm of a number that acts while the network learns. It follows the
 * server's number, which another tab may change too, except while the person is at it.
 */

/** How long after the last move the slider is still the person's: the server's answer is on its way. */
const HOLD_MS = 1_000;
/** Between two numbers that are sent: a server takes so many events a second from one page. */
const PAUSE_MS = 100;
/** More digits would only be noise from the logarithm. */
const SIGNIFICANT_DIGITS = 6;

/**
 * @typedef {object} DialParts
 * @property {HTMLInputElement} slider
 * @property {HTMLElement} text where the number is shown
 * @property {number} decimals of the number shown
 * @property {(value: number) => Promise<unknown>} send gives the server a number
 */

export class Dial {
  #slider;
  #text;
  #decimals;
  #send;

  /** @type {number | null} */
  #told = null;
  /** @type {number | null} */
  #wanted = null;
  #sending = false;
  #pressed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hold;

  /** @param {DialParts} parts */
  constructor({ slider, text, decimals, send }) {
    this.#slider = slider;
    this.#text = text;
    this.#decimals = decimals;
    this.#send = send;
    slider.addEventListener("input", () => this.#moved());
    slider.addEventListener("pointerdown", () => this.#press(true));
    for (const end of ["pointerup", "pointercancel"]) {
      slider.addEventListener(end, () => this.#press(false));
    }
  }

  /**
   * The server's number is this now.
   *
   * @param {number} value
   */
  follow(value) {
    this.#told = value;
    if (!this.#isHeld()) this.#showTold();
  }

  #moved() {
    const value = Number((10 ** this.#slider.valueAsNumber).toPrecision(SIGNIFICANT_DIGITS));
    this.#say(value);
    this.#holdOn();
    this.#want(value);
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
      if (!this.#isHeld()) this.#showTold();
    }, HOLD_MS);
  }

  #isHeld() {
    return this.#pressed || this.#hold !== undefined;
  }

  #showTold() {
    if (this.#told === null) return;
    this.#slider.value = String(Math.log10(this.#told));
    this.#say(this.#told);
  }

  /** @param {number} value */
  #say(value) {
    const words = value.toFixed(this.#decimals);
    this.#text.textContent = words;
    this.#slider.setAttribute("aria-valuetext", words);
  }

  /**
   * A slider moves faster than the server answers: one number is under way at a time, and of those
   * wanted until a little after its answer only the newest goes out next.
   *
   * @param {number} value
   */
  async #want(value) {
    this.#wanted = value;
    if (this.#sending) return;
    this.#sending = true;
    while (this.#wanted !== null) {
      const newest = this.#wanted;
      this.#wanted = null;
      await this.#send(newest);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#sending = false;
  }
}
