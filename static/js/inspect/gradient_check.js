/** Compares the gradients with finite differences, on a copy of the network. */

/** @import { Connection } from "../net/connection.js" */
/** @import { PageError } from "../messages.js" */
/** @import { MatrixCheck, GradientCheckResult, Hyperparameters } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { showError } from "../ui/field_error.js";
import { layerOf, matrixDescription } from "./matrix_names.js";
import { errorFrom, errorOf } from "../messages.js";
import { scientific } from "../format.js";
import { newElement, requireElement } from "../ui/dom.js";
import { renderText } from "../ui/stable_text.js";

/** A larger relative error is not due to rounding. */
const MAX_ERROR = 1e-3;
const MAX_LISTED = 4;

const BUSY = "Checking the gradients. This may take some seconds …";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const button = requireElement(element, "#gradient_check", HTMLButtonElement);
  const errorElement = requireElement(element, "#gradient_check_error", HTMLElement);
  const report = new Report(element);
  /** @param {"ready" | "busy" | "agreed" | "disagreed" | "refused"} state */
  const setState = (state) => {
    element.dataset.state = state;
  };
  /** @param {PageError} refusal */
  const refuse = (refusal) => {
    setState("refused");
    showError(errorElement, refusal);
  };

  button.addEventListener("click", async () => {
    if (button.hasAttribute("aria-busy")) return;
    const checkedId = networkId(store.page.net);
    button.setAttribute("aria-busy", "true");
    showError(errorElement, null);
    report.clear(BUSY);
    setState("busy");
    const answer = await connection.query("gradient_check", {});
    button.removeAttribute("aria-busy");
    report.clear("");
    const { net } = store.page;
    if (!answer.ok) refuse(errorFrom(answer));
    else if (!net || networkId(net) !== checkedId) refuse(errorOf("replaced_while_checking"));
    else {
      report.show(answer, net.options);
      setState(answer.matrices.some(isWrong) ? "disagreed" : "agreed");
    }
  });
  store.watch(
    ({ net }) => networkId(net),
    () => {
      if (button.hasAttribute("aria-busy")) return; // the answer is about the previous network
      report.clear("");
      showError(errorElement, null);
      setState("ready");
    },
  );
}

class Report {
  #outcome;
  #results;
  #sentence;
  #steps;
  #rows;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#outcome = requireElement(element, "#gradient_check_outcome", HTMLElement);
    this.#results = requireElement(element, "#gradient_check_results", HTMLElement);
    this.#sentence = requireElement(element, "#gradient_check_sentence", HTMLElement);
    this.#steps = requireElement(element, "#gradient_check_steps", HTMLElement);
    this.#rows = requireElement(element, "#gradient_check_results tbody", HTMLTableSectionElement);
  }

  /** @param {string} words shown instead of an outcome */
  clear(words) {
    this.#outcome.textContent = words;
    this.#results.hidden = true;
  }

  /**
   * @param {GradientCheckResult} answer
   * @param {Hyperparameters} options
   */
  show({ matrices, sentence, steps }, options) {
    this.#outcome.textContent = summaryOf(matrices);
    this.#steps.textContent = `After ${steps.toLocaleString("en")} steps, on the sentence`;
    renderText(this.#sentence, sentence, "");
    this.#rows.replaceChildren(...matrices.map((matrix) => rowOf(matrix, options)));
    this.#results.hidden = false;
  }
}

/** @param {MatrixCheck[]} matrices */
function summaryOf(matrices) {
  const wrong = matrices.filter(isWrong);
  if (wrong.length > 0) {
    const listed = wrong.slice(0, MAX_LISTED).map(disagreementOf).join(", ");
    const more = wrong.length > MAX_LISTED ? ` and ${wrong.length - MAX_LISTED} more` : "";
    const verb = wrong.length === 1 ? "does" : "do";
    return `${wrong.length} of ${matrices.length} matrices ${verb} not agree with the numerical gradients: ${listed}${more}.`;
  }
  const largest = Math.max(
    ...matrices.map(({ graph, kernels }) => Math.max(graph ?? 0, kernels ?? 0)),
  );
  return `All ${matrices.length} matrices agree with the numerical gradients: the largest error is ${scientific(largest)}.`;
}

/** @param {MatrixCheck} matrix */
function isWrong({ graph, kernels }) {
  return isTooLarge(graph) || isTooLarge(kernels);
}

/** @param {number | null} error */
function isTooLarge(error) {
  return error === null || error > MAX_ERROR;
}

/** @param {MatrixCheck} matrix */
function disagreementOf({ name, graph, kernels }) {
  if (isTooLarge(graph) && isTooLarge(kernels)) return `${name} (both)`;
  return isTooLarge(graph) ? `${name} (graph)` : `${name} (kernels)`;
}

/**
 * @param {MatrixCheck} matrix
 * @param {Hyperparameters} options
 */
function rowOf({ name, graph, kernels, checked, numbers }, options) {
  const row = document.createElement("tr");
  const heading = newElement("th", "matrix");
  heading.scope = "row";
  heading.append(
    newElement("span", "matrix-name", name),
    " ",
    newElement("span", "matrix-words", descriptionOf(name, options)),
  );
  row.append(heading, errorCell(graph), errorCell(kernels));
  row.insertCell().textContent = `${checked.toLocaleString("en")} of ${numbers.toLocaleString("en")}`;
  return row;
}

/**
 * @param {string} name
 * @param {Hyperparameters} options
 */
function descriptionOf(name, { kind, hidden_sizes }) {
  const layer = hidden_sizes.length > 1 ? layerOf(name) : null;
  const words = matrixDescription(name, kind);
  return layer === null ? words : `layer ${layer}: ${words}`;
}

/** @param {number | null} error */
function errorCell(error) {
  const cell = document.createElement("td");
  cell.textContent = error === null ? "not finite" : scientific(error);
  if (isTooLarge(error)) cell.append(" ", newElement("span", "check-wrong", "wrong"));
  return cell;
}
