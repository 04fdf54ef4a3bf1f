/** Training stats: perplexity, epoch, steps and speed. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Page, Store } from "../state/store.js" */
/** @import { LossUnit } from "../loss.js" */

import { LOSS_NAMES, LOSS_UNITS, lossIn } from "../loss.js";
import { requireElement } from "../ui/dom.js";

const NOTHING = "–";

/** @typedef {{id: string, unit?: string, value: (page: Page) => string}} Figure */

/** @type {Figure[]} */
const FIGURES = [
  { id: "ppl", value: ({ net, lossUnit }) => loss(net?.perplexity, lossUnit) },
  { id: "heldout", value: ({ net, lossUnit }) => loss(net?.held_out_perplexity, lossUnit) },
  { id: "epoch", value: ({ net }) => whole(net?.epoch) },
  { id: "steps", value: ({ net }) => whole(net?.steps) },
  {
    id: "speed",
    value: ({ net }) => speed(net?.characters_per_second),
  },
  {
    id: "ticktime",
    unit: "ms",
    value: ({ net }) => milliseconds(net?.ms_per_example),
  },
];

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  mountVerdict(element, store);
  mountUnit(element, store);
  for (const figure of FIGURES) {
    const value = requireElement(element, `#${figure.id} .figure-value`, HTMLElement);
    store.watch(figure.value, (text) => {
      value.textContent = text === NOTHING ? NOTHING : text + (figure.unit ?? "");
    });
  }
}

/**
 * The choice of the unit in which losses are shown.
 *
 * @param {HTMLElement} element
 * @param {Store} store
 */
function mountUnit(element, store) {
  const select = requireElement(element, "#loss_unit", HTMLSelectElement);
  const name = requireElement(element, "#ppl .figure-name", HTMLElement);
  select.addEventListener("change", () => {
    const unit = LOSS_UNITS.find((each) => each === select.value);
    if (unit) store.setLossUnit(unit);
  });
  store.watch(
    (page) => page.lossUnit,
    (unit) => {
      select.value = unit;
      name.textContent = LOSS_NAMES[unit];
    },
  );
}

/**
 * Show the validation perplexity, and warn of overfitting.
 *
 * @param {HTMLElement} element
 * @param {Store} store
 */
function mountVerdict(element, store) {
  const verdict = requireElement(element, "#overfitting", HTMLElement);
  const heldOut = requireElement(element, "#heldout", HTMLElement);
  store.watch(
    ({ net }) => !net || net.held_out_sentences > 0, // nearly every text has some
    (hasValidation) => {
      heldOut.hidden = !hasValidation;
    },
  );
  store.watch(
    ({ net }) => net?.overfitting_since ?? null,
    (step) => {
      verdict.dataset.state = step === null ? "empty" : "shown";
      verdict.textContent = step === null ? "" : overfittingMessage(step);
    },
  );
}

/** @param {number} step */
function overfittingMessage(step) {
  return `Overfitting since step ${step.toLocaleString("en")}: training perplexity falls while validation perplexity rises.`;
}

/** @param {number | undefined} value */
function whole(value) {
  return value === undefined ? NOTHING : Math.floor(value).toLocaleString("en");
}

/**
 * @param {number | null | undefined} perplexity
 * @param {LossUnit} unit
 */
function loss(perplexity, unit) {
  if (perplexity === null || perplexity === undefined) return NOTHING;
  const value = lossIn(perplexity, unit);
  if (value < 1_000) return value.toFixed(2);
  return value < 100_000 ? whole(value) : value.toExponential(1);
}

/**
 * Rounded to thousands: the last digits change too fast to read.
 *
 * @param {number | null | undefined} value
 */
function speed(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value < 1_000) return String(Math.round(value));
  return (Math.round(value / 1_000) * 1_000).toLocaleString("en");
}

/** @param {number | null | undefined} value */
function milliseconds(value) {
  if (value === null || value === undefined) return NOTHING;
  return value < 1 ? value.toFixed(2) : value.toFixed(1);
}
