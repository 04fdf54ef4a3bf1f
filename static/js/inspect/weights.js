/** The size of the weights and of their updates. */

/** @import { Connection } from "../net/connection.js" */
/** @import { MatrixStats, Hyperparameters, WeightsResult } from "../protocol" */

import { bindFieldError, showError } from "../ui/field_error.js";
import { drawBars, newHistogram } from "../ui/histogram.js";
import { matrixDescription } from "./matrix_names.js";
import { plain, roundPercent } from "../format.js";
import { newElement, requireElement } from "../ui/dom.js";
import { LiveQuery } from "../net/live_query.js";

/** The usual size of an update, relative to the weight; a rule of thumb. */
const USUAL = { min: 1e-4, max: 1e-2 };
/** Beyond these, the learning rate is too high or too low. */
const EXTREME = { min: 1e-5, max: 3e-2 };

const NO_DATA = "The size of updates is shown once the network trains.";
/** By the median size of an update. */
const VERDICTS = {
  "very-high": "the learning rate may be too high",
  high: "larger than usual",
  usual: "the usual range",
  low: "smaller than usual",
  "very-low": "the learning rate may be too low",
};
const NO_MEDIAN = "–";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const layer = requireElement(element, "#weights_layer", HTMLSelectElement);
  const message = requireElement(element, "#weights_wait", HTMLElement);
  const table = new WeightsTable(
    requireElement(element, ".weights tbody", HTMLTableSectionElement),
  );
  const verdict = new LearningRateVerdict(element);
  bindFieldError(element, store, "weights_layer", layer);

  const query = new LiveQuery(requireElement(element, ".inspect-body", HTMLElement), connection, {
    event: "weights",
    panel: element,
    params: () => ({ layer: Number(layer.value) }),
    show: (answer) => {
      const { net } = store.page;
      if (!net) return;
      table.show(answer.matrices, net.options.kind);
      verdict.show(answer, net.options.clip);
    },
    showError: (error) => showError(message, error),
    errorFields: { layer: "weights_layer" },
  });
  layer.addEventListener("change", () => query.refresh());
  store.watch(
    ({ net }) => net?.options.hidden_sizes.length ?? 1,
    (layers) => {
      setLayers(layer, layers);
      requireElement(element, "#weights_layers", HTMLElement).hidden = layers === 1;
      query.refresh();
    },
  );
}

/**
 * @param {HTMLSelectElement} select
 * @param {number} layers
 */
function setLayers(select, layers) {
  const selected = Number(select.value) <= layers ? select.value : "1";
  const options = Array.from({ length: layers }, (_, index) => new Option(String(index + 1)));
  select.replaceChildren(...options);
  select.value = selected;
}

/** A verdict on the learning rate, from the size of updates and the share of clipped gradients. */
class LearningRateVerdict {
  #verdict;
  #clipped;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#verdict = requireElement(element, "#weights_verdict", HTMLElement);
    this.#clipped = requireElement(element, "#weights_clipped", HTMLElement);
  }

  /**
   * @param {WeightsResult} answer
   * @param {number} clip the threshold
   */
  show({ matrices, change_at, clipped, clips_norm }, clip) {
    const change = change_at === null ? null : medianOf(matrices);
    const observed =
      change_at === null ? "" : `Measured at step ${change_at.toLocaleString("en")}.`;
    this.#showVerdict(change);
    this.#clipped.textContent = `${clippingText(clipped, clips_norm, clip)} ${observed}`;
  }

  /** @param {number | null} change */
  #showVerdict(change) {
    if (change === null) {
      this.#verdict.dataset.state = "unknown";
      this.#verdict.textContent = NO_DATA;
      return;
    }
    const verdict = verdictOf(change);
    this.#verdict.dataset.state = verdict;
    this.#verdict.textContent = `A step changes most weights by about ${roundPercent(change, 1)} of their size: ${VERDICTS[verdict]}.`;
  }
}

/**
 * The median change of a weight: the weighted median of the matrices' medians.
 *
 * @param {MatrixStats[]} matrices
 */
function medianOf(matrices) {
  const medians = matrices.flatMap(({ change, shape }) =>
    change === null ? [] : [{ change, weights: shape[0] * shape[1] }],
  );
  medians.sort((one, another) => one.change - another.change);
  const total = medians.reduce((sum, { weights }) => sum + weights, 0);
  let counted = 0;
  for (const { change, weights } of medians) {
    counted += weights;
    if (counted >= total / 2) return change;
  }
  return null;
}

/**
 * @param {number} change
 * @returns {keyof typeof VERDICTS}
 */
function verdictOf(change) {
  if (change > EXTREME.max) return "very-high";
  if (change > USUAL.max) return "high";
  if (change < EXTREME.min) return "very-low";
  return change < USUAL.min ? "low" : "usual";
}

/**
 * @param {number | null} clipped
 * @param {boolean} ofNorm
 * @param {number} clip the largest gradient that counts
 */
function clippingText(clipped, ofNorm, clip) {
  if (clipped === null) return "";
  const subject = ofNorm ? "Steps with a clipped gradient norm" : "Clipped gradients";
  return `${subject} (limit ${clip}): ${roundPercent(clipped)}.`;
}

/** A table with a row for each matrix. */
class WeightsTable {
  #body;
  /** @type {Row[]} */
  #rows = [];

  /** @param {HTMLTableSectionElement} body */
  constructor(body) {
    this.#body = body;
  }

  /**
   * @param {MatrixStats[]} matrices
   * @param {Hyperparameters["kind"]} kind
   */
  show(matrices, kind) {
    while (this.#rows.length < matrices.length) this.#rows.push(new Row(this.#body.insertRow()));
    while (this.#rows.length > matrices.length) {
      this.#rows.pop();
      this.#body.deleteRow(-1);
    }
    for (const [index, matrix] of matrices.entries()) this.#rows[index]?.show(matrix, kind);
  }
}

/** A row of the table. The numbers beside the histograms make it accessible. */
class Row {
  #name = newElement("span", "matrix-name");
  #words = newElement("span", "matrix-words");
  #heading = newElement("th", "matrix");
  #shape = newElement("td", "matrix-shape");
  #spread = newElement("td", "matrix-spread");
  #ends = newElement("span", "matrix-ends");
  #median = newElement("span", "matrix-median");
  #remark = newElement("span", "matrix-remark");
  #weights = newHistogram("weights-bars");
  #changes = newHistogram("changes-bars", [USUAL.min, USUAL.max].map(Math.log10));

  /** @param {HTMLTableRowElement} row */
  constructor(row) {
    this.#heading.setAttribute("scope", "row");
    this.#heading.append(this.#name, " ", this.#words);
    const weights = newElement("td", "matrix-weights");
    weights.append(this.#weights.svg, this.#ends);
    const changes = newElement("td", "matrix-changes");
    changes.append(this.#changes.svg);
    const median = newElement("td", "matrix-change");
    median.append(this.#median, " ", this.#remark);
    row.append(this.#heading, this.#shape, weights, this.#spread, changes, median);
  }

  /**
   * @param {MatrixStats} matrix
   * @param {Hyperparameters["kind"]} kind
   */
  show({ name, shape, spread, weights, change, changes }, kind) {
    const size = shape.join(" × ");
    this.#name.textContent = name;
    this.#words.textContent = matrixDescription(name, kind);
    this.#heading.dataset.shape = size; // shown where there is no room for its own column
    this.#shape.textContent = size;
    this.#spread.textContent = plain(spread);
    this.#ends.textContent = `${plain(weights.low)} to ${plain(weights.high)}`;
    this.#median.textContent = change === null ? NO_MEDIAN : roundPercent(change);
    this.#remark.textContent = remarkOf(change);
    drawBars(this.#weights, weights);
    drawBars(this.#changes, changes);
  }
}

/** @param {number | null} change */
function remarkOf(change) {
  if (change === null) return "";
  if (change > USUAL.max) return "high";
  return change < USUAL.min ? "low" : "";
}
