/**
 * Text written by the network. An element that has grown for a text keeps its height, so that frames
 * cause no layout shift.
 */

import { newElement } from "./dom.js";

/** Pixels by which two measurements of the same height may differ. */
const ROUNDING = 0.5;

/**
 * Longer than most words: text without spaces may be broken anywhere, or its lines would be half empty.
 */
const LONG_WORD = /\S{15}/;

/** A new width changes the number of lines, so it resets the heights. */
const widths = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    if (!(target instanceof HTMLElement) || target.dataset.width === String(contentRect.width)) {
      continue;
    }
    target.dataset.width = String(contentRect.width);
    target.style.minHeight = "";
  }
});

/** @type {Set<HTMLElement>} changed since the last paint */
const pending = new Set();

/** @param {HTMLElement} element */
export function observeWidth(element) {
  widths.observe(element);
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 * @param {string} [prompt] the user's text that it continues
 */
export function setText(element, text, prompt = "") {
  renderText(element, text, prompt);
  if (pending.size === 0) requestAnimationFrame(reserve);
  pending.add(element);
}

/** Measure all at once, just before the paint: measuring each alone would force a layout each time. */
function reserve() {
  const measured = [...pending].map((element) => ({
    element,
    needed: element.getBoundingClientRect().height,
    reserved: Number.parseFloat(getComputedStyle(element).minHeight),
  }));
  pending.clear();
  for (const { element, needed, reserved } of measured) {
    if (needed > reserved + ROUNDING) element.style.minHeight = `${needed}px`;
  }
}

/**
 * Set the text without reserving its height.
 *
 * @param {HTMLElement} element
 * @param {string} text
 * @param {string} prompt
 */
export function renderText(element, text, prompt) {
  element.textContent = text;
  element.classList.toggle("unbroken", LONG_WORD.test(prompt + text));
  if (prompt) element.prepend(newElement("span", "prompt", prompt));
}
