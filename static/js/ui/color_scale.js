/** An activation as a person sees it: its colour between two ends, neutral at zero, and its number. */

import { requireElement } from "./dom.js";

/** @typedef {[number, number, number]} Colour red, green and blue from 0 to 255 */

/** Steps on either side of zero: what a signed byte tells apart. */
export const STEPS = 127;

const OPAQUE = 255;

/** The colours of the page's scheme, a step apart from one end to the other. */
export class DivergingScale {
  #place;
  /** @type {string[]} */
  #css = [];
  /** The four bytes of a pixel, as a canvas keeps them. */
  #pixels = new Uint32Array(2 * STEPS + 1);

  /**
   * @param {HTMLElement} place whose style has the tokens
   * @param {() => void} repaint the scheme is another
   */
  constructor(place, repaint) {
    this.#place = place;
    this.#read();
    addEventListener("schemechange", () => {
      this.#read();
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
   * @param {number} scale the activation at the end
   */
  css(activation, scale) {
    const step = Math.round((STEPS * activation) / scale);
    return this.#css[Math.max(-STEPS, Math.min(STEPS, step)) + STEPS] ?? "";
  }

  #read() {
    const style = getComputedStyle(this.#place);
    const token = (/** @type {string} */ name) => colourOf(style.getPropertyValue(name).trim());
    const [below, zero, above] = [token("--below"), token("--zero"), token("--above")];
    const bytes = new Uint8Array(this.#pixels.buffer);
    for (let step = -STEPS; step <= STEPS; step++) {
      const colour = between(zero, step < 0 ? below : above, Math.abs(step) / STEPS);
      bytes.set([...colour, OPAQUE], 4 * (step + STEPS));
      this.#css[step + STEPS] = `rgb(${colour.join(" ")})`;
    }
  }
}

/** Shows what the two ends of the colours stand for. */
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
export function inDecimals(number) {
  const rounded = number.toFixed(2);
  return rounded === "-0.00" ? "0.00" : rounded.replace("-", "−");
}

/**
 * @param {string} css as in rgb(31, 95, 179): how a token that is registered as a colour is read
 * @returns {Colour}
 */
function colourOf(css) {
  const [red = 0, green = 0, blue = 0] = (css.match(/\d+/g) ?? []).map(Number);
  return [red, green, blue];
}

/**
 * @param {Colour} from
 * @param {Colour} to
 * @param {number} share of the way
 * @returns {Colour}
 */
function between([red, green, blue], [toRed, toGreen, toBlue], share) {
  const mix = (/** @type {number} */ a, /** @type {number} */ b) => Math.round(a + share * (b - a));
  return [mix(red, toRed), mix(green, toGreen), mix(blue, toBlue)];
}
