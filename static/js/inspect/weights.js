/** How large the weights are, and how far a step moves them. */

/** @import { Connection } from "../net/connection.js" */
/** @import { MatrixStats, Hyperparameters, WeightsResult } from "../protocol" */

import { bindFieldError, showFault } from "../ui/field_error.js";
import { drawBars, newHistogram } from "../ui/histogram.js";
import { matrixInWords } from "./matrix_names.js";
import { plain, roundPercent } from "../format.js";
import { requireElement } from "../ui/dom.js";
import { LiveQuery } from "../net/live_query.js";

/** What a step usually moves a weight by, relative to the weight; a rule of thumb. */
const USUAL = { least: 1e-4, most: 1e-2 };
/** Beyond these it is more than unusual. */
const FAR = { least: 1e-5, most: 3e-2 };

const NOTHING_YET = "How far a step moves the weights is shown as soon as the network trains.";
/** What is said of how far a step moves most weights. */
const VERDICTS = {
  "very-high": "the learning rate is high",
  high: "more than is usual",
  usual: "that is usual",
  low: "less than is usual",
  "very-low": "the learning rate is low",
};
const NO_MEDIAN = "–";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const layer = requireElement(element, "#weights_layer", HTMLSelectElement);
  const wait = requireElement(element, "#weights_wait", HTMLElement);
  const table = new WeightsTable(
    requireElement(element, ".weights tbody", HTMLTableSectionElement),
  );
  const words = new Words(element);
  bindFieldError(element, store, "weights_layer", layer);

  const query = new LiveQuery(requireElement(element, ".inspect-body", HTMLElement), connection, {
    event: "weights",
    panel: element,
    question: () => ({ layer: Number(layer.value) }),
    show: (answer) => {
      const { net } = store.page;
      if (!net) return;
      table.show(answer.matrices, net.options.kind);
      words.show(answer, net.options.clip);
    },
    wait: (fault) => showFault(wait, fault),
    places: { layer: "weights_layer" },
  });
  layer.addEventListener("change", () => query.changed());
  store.watch(
    ({ net }) => net?.options.hidden_sizes.length ?? 1,
    (layers) => {
      offerLayers(layer, layers);
      requireElement(element, "#weights_layers", HTMLElement).hidden = layers === 1;
      query.changed();
    },
  );
}

/**
 * @param {HTMLSelectElement} select
 * @param {number} layers
 */
function offerLayers(select, layers) {
  const chosen = Number(select.value) <= layers ? select.value : "1";
  const options = Array.from({ length: layers }, (_, index) => new Option(String(index + 1)));
  select.replaceChildren(...options);
  select.value = chosen;
}

/** What the numbers say about the learning rate. */
class Words {
  #verdict;
  #clipped;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#verdict = requireElement(element, "#weights_verdict", HTMLElement);
    this.#clipped = requireElement(element, "#weights_clipped", HTMLElement);
  }

  /**
   * @param {WeightsResult} answer
   * @param {number} clip the largest gradient that counts
   */
  show({ matrices, change_at, clipped, clips_norm }, clip) {
    const change = change_at === null ? null : medianOf(matrices);
    const seen = change_at === null ? "" : `Seen at step ${change_at.toLocaleString("en")}.`;
    this.#judge(change);
    this.#clipped.textContent = `${clippedInWords(clipped, clips_norm, clip)} ${seen}`;
  }

  /** @param {number | null} change */
  #judge(change) {
    if (change === null) {
      this.#verdict.dataset.state = "unknown";
      this.#verdict.textContent = NOTHING_YET;
      return;
    }
    const verdict = verdictOn(change);
    this.#verdict.dataset.state = verdict;
    this.#verdict.textContent = `Most weights move by about ${roundPercent(change, 1)} a step: ${VERDICTS[verdict]}.`;
  }
}

/**
 * The median change of a weight: that of the matrices' medians, each of them counting as many times
 * as it has weights.
 *
 * @param {MatrixStats[]} matrices
 */
function medianOf(matrices) {
  const medians = matrices.flatMap(({ change, shape }) =>
    change === null ? [] : [{ change, weights: shape[0] * shape[1] }],
  );
  medians.sort((one, another) => one.change - another.change);
  const all = medians.reduce((sum, { weights }) => sum + weights, 0);
  let counted = 0;
  for (const { change, weights } of medians) {
    counted += weights;
    if (counted >= all / 2) return change;
  }
  return null;
}

/**
 * @param {number} change
 * @returns {keyof typeof VERDICTS}
 */
function verdictOn(change) {
  if (change > FAR.most) return "very-high";
  if (change > USUAL.most) return "high";
  if (change < FAR.least) return "very-low";
  return change < USUAL.least ? "low" : "usual";
}

/**
 * @param {number | null} clipped
 * @param {boolean} ofNorm
 * @param {number} clip the largest gradient that counts
 */
function clippedInWords(clipped, ofNorm, clip) {
  if (clipped === null) return "";
  const what = ofNorm ? "Steps whose gradient was clipped" : "Clipped gradients";
  return `${what}, being larger than ${clip}: ${roundPercent(clipped)}.`;
}

/** A row for each matrix; it stays while the network is the same. */
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

/** Numbers beside every picture: it is a table for those who do not see the pictures, too. */
class Row {
  #name = newPart("span", "matrix-name");
  #words = newPart("span", "matrix-words");
  #heading = newPart("th", "matrix");
  #shape = newPart("td", "matrix-shape");
  #spread = newPart("td", "matrix-spread");
  #ends = newPart("span", "matrix-ends");
  #median = newPart("span", "matrix-median");
  #remark = newPart("span", "matrix-remark");
  #weights = newHistogram("weights-bars");
  #changes = newHistogram("changes-bars", [USUAL.least, USUAL.most].map(Math.log10));

  /** @param {HTMLTableRowElement} row */
  constructor(row) {
    this.#heading.setAttribute("scope", "row");
    this.#heading.append(this.#name, " ", this.#words);
    const weights = newPart("td", "matrix-weights");
    weights.append(this.#weights.svg, this.#ends);
    const changes = newPart("td", "matrix-changes");
    changes.append(this.#changes.svg);
    const median = newPart("td", "matrix-change");
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
    this.#words.textContent = matrixInWords(name, kind);
    this.#heading.dataset.shape = size; // where a column of its own has no room
    this.#shape.textContent = size;
    this.#spread.textContent = plain(spread);
    this.#ends.textContent = `${plain(weights.low)} to ${plain(weights.high)}`;
    this.#median.textContent = change === null ? NO_MEDIAN : roundPercent(change);
    this.#remark.textContent = remarkOn(change);
    drawBars(this.#weights, weights);
    drawBars(this.#changes, changes);
  }
}

/** @param {number | null} change */
function remarkOn(change) {
  if (change === null) return "";
  if (change > USUAL.most) return "high";
  return change < USUAL.least ? "low" : "";
}

/**
 * @param {string} name
 * @param {string} className
 */
function newPart(name, className) {
  const element = document.createElement(name);
  element.className = className;
  return element;
}
