/**
 * Shows a sentence of the network's. A place that had to grow for one stays so: what is below it
 * must not jump with every frame.
 */

/** Pixels by which a height may differ from itself, measured in two ways. */
const ROUNDING = 0.5;

/**
 * Noise without a space would leave half its lines empty, and take more of them than a sentence;
 * it may be broken anywhere. Counted in characters, a little over most words.
 */
const LONG_RUN = /\S{15}/;

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

/** @type {Set<HTMLElement>} written since the page was drawn last */
const written = new Set();

/** @param {HTMLElement} place */
export function observeWidth(place) {
  widths.observe(place);
}

/**
 * @param {HTMLElement} place
 * @param {string} sentence
 * @param {string} [beginning] what a person wrote, if the sentence goes on from there
 */
export function setText(place, sentence, beginning = "") {
  renderText(place, sentence, beginning);
  if (written.size === 0) requestAnimationFrame(reserve);
  written.add(place);
}

/** All at once, just before they are drawn: each measured by itself would be a layout of the page. */
function reserve() {
  const measured = [...written].map((place) => ({
    place,
    needed: place.getBoundingClientRect().height,
    reserved: Number.parseFloat(getComputedStyle(place).minHeight),
  }));
  written.clear();
  for (const { place, needed, reserved } of measured) {
    if (needed > reserved + ROUNDING) place.style.minHeight = `${needed}px`;
  }
}

/**
 * Write where nothing has to stay as large as it was.
 *
 * @param {HTMLElement} place
 * @param {string} sentence
 * @param {string} beginning
 */
export function renderText(place, sentence, beginning) {
  place.textContent = sentence;
  place.classList.toggle("unbroken", LONG_RUN.test(beginning + sentence));
  if (!beginning) return;
  const prompt = document.createElement("span");
  prompt.className = "prompt";
  prompt.textContent = beginning;
  place.prepend(prompt);
}
