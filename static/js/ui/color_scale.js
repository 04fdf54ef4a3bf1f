/** The diverging colour scale of activations, its legend, and the format of activations. */

import { requireElement } from "./dom.js";

/** @typedef {[number, number, number]} Color red, green and blue from 0 to 255 */

/** Steps on either side of zero: the range of a signed byte. */
export const STEPS = 127;

const OPAQUE = 255;

/** The colour of each step, from the tokens of the current scheme. */
export class DivergingScale {
  #element;
  /** @type {string[]} */
  #css = [];
  /** Each colour as the four bytes of a canvas pixel. */
  #pixels = new Uint32Array(2 * STEPS + 1);

  /**
   * @param {HTMLElement} element whose style has the tokens
   * @param {() => void} repaint called when the scheme changes
   */
  constructor(element, repaint) {
    this.#element = element;
    this.#readTokens();
    addEventListener("schemechange", () => {
      this.#readTokens();
      repaint();
    });
  }

  /**
   * @param {Int8Array} steps from -STEPS to STEPS, row by row
   * @param {number} width
   * @param {number} height
   */
  image(steps, width, height) {
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let at = 0; at < pixels.length; at++) {
      pixels[at] = this.#pixels[(steps[at] ?? 0) + STEPS] ?? 0;
    }
    return image;
  }

  /**
   * @param {number} activation
   * @param {number} scale the activation at the ends of the scale
   */
  css(activation, scale) {
    const step = Math.round((STEPS * activation) / scale);
    return this.#css[Math.max(-STEPS, Math.min(STEPS, step)) + STEPS] ?? "";
  }

  #readTokens() {
    const style = getComputedStyle(this.#element);
    const token = (/** @type {string} */ name) => parseColor(style.getPropertyValue(name).trim());
    const [below, zero, above] = [token("--below"), token("--zero"), token("--above")];
    const bytes = new Uint8Array(this.#pixels.buffer);
    for (let step = -STEPS; step <= STEPS; step++) {
      const color = between(zero, step < 0 ? below : above, Math.abs(step) / STEPS);
      bytes.set([...color, OPAQUE], 4 * (step + STEPS));
      this.#css[step + STEPS] = `rgb(${color.join(" ")})`;
    }
  }
}

/** Shows the activations at the ends of the scale. */
export class ScaleLegend {
  #below;
  #above;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#below = requireElement(element, ".activation-below", HTMLElement);
    this.#above = requireElement(element, ".activation-above", HTMLElement);
  }

  /** @param {number} scale */
  show(scale) {
    const end = Number(scale.toPrecision(3));
    this.#below.textContent = `−${end}`;
    this.#above.textContent = String(end);
  }
}

/**
 * A number with two decimals and a true minus sign.
 *
 * @param {number} number
 */
export function toDecimals(number) {
  const rounded = number.toFixed(2);
  return rounded === "-0.00" ? "0.00" : rounded.replace("-", "−");
}

/**
 * @param {string} css such as rgb(31, 95, 179), the computed value of a registered colour token
 * @returns {Color}
 */
function parseColor(css) {
  const [red = 0, green = 0, blue = 0] = (css.match(/\d+/g) ?? []).map(Number);
  return [red, green, blue];
}

/**
 * @param {Color} from
 * @param {Color} to
 * @param {number} share from 0 to 1
 * @returns {Color}
 */
function between([red, green, blue], [toRed, toGreen, toBlue], share) {
  const mix = (/** @type {number} */ a, /** @type {number} */ b) => Math.round(a + share * (b - a));
  return [mix(red, toRed), mix(green, toGreen), mix(blue, toBlue)];
}
