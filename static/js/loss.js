/** Units of a loss: perplexity, and on request nats or bits for each character. */

/** @typedef {"perplexity" | "nats" | "bits"} LossUnit */

/** @type {readonly LossUnit[]} */
export const LOSS_UNITS = ["perplexity", "nats", "bits"];

/** @type {Readonly<Record<LossUnit, string>>} */
export const LOSS_NAMES = {
  perplexity: "perplexity",
  nats: "nats per character",
  bits: "bits per character",
};

/**
 * A perplexity in a unit.
 *
 * @param {number} perplexity
 * @param {LossUnit} unit
 */
export function lossIn(perplexity, unit) {
  if (unit === "nats") return Math.log(perplexity);
  return unit === "bits" ? Math.log2(perplexity) : perplexity;
}

/**
 * A loss for running text, with its unit.
 *
 * @param {number} value in the unit
 * @param {LossUnit} unit
 */
export function lossText(value, unit) {
  return unit === "perplexity" ? `perplexity ${value.toFixed(2)}` : `${value.toFixed(2)} ${unit}`;
}
