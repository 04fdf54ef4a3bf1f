/**
 * Shows a sentence of the network's. A place that had to grow for one stays so: what is below it
 * must not jump with every frame.
 */

/** Pixels by which a height may differ from itself, measured in two ways. */
const ROUNDING = 0.5;

/** The width decides how many lines a sentence takes: after it changes, places grow anew. */
const widths = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    if (!(target instanceof HTMLElement) || target.dataset.width === String(contentRect.width)) {
      continue;
    }
    target.dataset.width = String(contentRect.width);
    target.style.minHeight = "";
  }
});

/** @param {HTMLElement} place */
export function prepare(place) {
  widths.observe(place);
}

/**
 * @param {HTMLElement} place
 * @param {string} sentence
 */
export function write(place, sentence) {
  place.textContent = sentence;
  const needed = place.getBoundingClientRect().height;
  const reserved = Number.parseFloat(getComputedStyle(place).minHeight);
  if (needed > reserved + ROUNDING) place.style.minHeight = `${needed}px`;
}
