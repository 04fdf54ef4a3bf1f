/** The page's state with its losses in the unit that is chosen. */

/** @import { Page, Values } from "../state/store.js" */
/** @import { Runs } from "../state/previous_runs.js" */
/** @import { LossUnit } from "../loss.js" */

import { lossIn } from "../loss.js";

/** The converted previous runs, which stay the same object until there are others. */
let converted = {
  from: /** @type {Runs | null} */ (null),
  unit: "",
  runs: /** @type {any} */ (null),
};

/**
 * @param {Page} page
 * @returns {Page}
 */
export function inLossUnit(page) {
  const { points, runs, lossUnit } = page;
  if (lossUnit === "perplexity") return page;
  if (converted.from !== runs || converted.unit !== lossUnit) {
    const previous = runs.previous.map((run) => ({
      ...run,
      perplexities: valuesIn(run.perplexities, lossUnit),
    }));
    converted = { from: runs, unit: lossUnit, runs: { ...runs, previous } };
  }
  return {
    ...page,
    points: {
      ...points,
      perplexities: valuesIn(points.perplexities, lossUnit),
      validation: valuesIn(points.validation, lossUnit),
    },
    runs: converted.runs,
  };
}

/**
 * @param {Values} perplexities
 * @param {LossUnit} unit
 */
function valuesIn(perplexities, unit) {
  return perplexities.map((value) => (value === null ? null : lossIn(value, unit)));
}
