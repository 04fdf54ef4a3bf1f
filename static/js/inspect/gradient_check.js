/** Whether the gradients are right, measured on a copy of the network when somebody asks. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Fault } from "../messages.js" */
/** @import { MatrixCheck, GradientCheckResult, Hyperparameters } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { showFault } from "../ui/field_error.js";
import { layerOf, matrixInWords } from "./matrix_names.js";
import { faultIn, faultOf } from "../messages.js";
import { scientific } from "../format.js";
import { requireElement } from "../ui/dom.js";
import { renderText } from "../ui/stable_text.js";

/** A larger relative error is no matter of rounding. */
const WRONG = 1e-3;
/** More names would be no help. */
const MOST_NAMED = 4;

const BUSY = "Checking the gradients, which may take some seconds …";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const button = requireElement(element, "#gradient_check", HTMLButtonElement);
  const fault = requireElement(element, "#gradient_check_error", HTMLElement);
  const report = new Report(element);
  /** @param {"ready" | "busy" | "agreed" | "disagreed" | "refused"} state */
  const tell = (state) => {
    element.dataset.state = state;
  };
  /** @param {Fault} refusal */
  const refuse = (refusal) => {
    tell("refused");
    showFault(fault, refusal);
  };

  button.addEventListener("click", async () => {
    if (button.hasAttribute("aria-busy")) return;
    const asked = networkId(store.page.net);
    button.setAttribute("aria-busy", "true");
    showFault(fault, null);
    report.clear(BUSY);
    tell("busy");
    const answer = await connection.query("gradient_check", {});
    button.removeAttribute("aria-busy");
    report.clear("");
    const { net } = store.page;
    if (!answer.ok) refuse(faultIn(answer));
    else if (!net || networkId(net) !== asked) refuse(faultOf("replaced_while_checking"));
    else {
      report.show(answer, net.options);
      tell(answer.matrices.some(isWrong) ? "disagreed" : "agreed");
    }
  });
  store.watch(
    ({ net }) => networkId(net),
    () => {
      if (button.hasAttribute("aria-busy")) return; // what comes is not of this network
      report.clear("");
      showFault(fault, null);
      tell("ready");
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

  /** @param {string} words in the place of an outcome */
  clear(words) {
    this.#outcome.textContent = words;
    this.#results.hidden = true;
  }

  /**
   * @param {GradientCheckResult} answer
   * @param {Hyperparameters} options
   */
  show({ matrices, sentence, steps }, options) {
    this.#outcome.textContent = inWords(matrices);
    this.#steps.textContent = `After ${steps.toLocaleString("en")} steps, on the sentence`;
    renderText(this.#sentence, sentence, "");
    this.#rows.replaceChildren(...matrices.map((matrix) => rowOf(matrix, options)));
    this.#results.hidden = false;
  }
}

/** @param {MatrixCheck[]} matrices */
function inWords(matrices) {
  const wrong = matrices.filter(isWrong);
  if (wrong.length > 0) {
    const named = wrong.slice(0, MOST_NAMED).map(disagreementOf).join(", ");
    const more = wrong.length > MOST_NAMED ? ` and ${wrong.length - MOST_NAMED} more` : "";
    const verb = wrong.length === 1 ? "does" : "do";
    return `${wrong.length} of ${matrices.length} matrices ${verb} not agree with the measured slopes: ${named}${more}.`;
  }
  const largest = Math.max(
    ...matrices.map(({ graph, kernels }) => Math.max(graph ?? 0, kernels ?? 0)),
  );
  return `All ${matrices.length} matrices agree with the measured slopes: the largest error is ${scientific(largest)}.`;
}

/** @param {MatrixCheck} matrix */
function isWrong({ graph, kernels }) {
  return isTooLarge(graph) || isTooLarge(kernels);
}

/** @param {number | null} error */
function isTooLarge(error) {
  return error === null || error > WRONG;
}

/** @param {MatrixCheck} matrix */
function disagreementOf({ name, graph, kernels }) {
  if (isTooLarge(graph) && isTooLarge(kernels)) return `${name} by both`;
  return isTooLarge(graph) ? `${name} by the graph` : `${name} by the kernels`;
}

/**
 * @param {MatrixCheck} matrix
 * @param {Hyperparameters} options
 */
function rowOf({ name, graph, kernels, checked, numbers }, options) {
  const row = document.createElement("tr");
  const heading = document.createElement("th");
  heading.scope = "row";
  heading.className = "matrix";
  heading.append(newPart("matrix-name", name), " ", newPart("matrix-words", place(name, options)));
  row.append(heading, errorCell(graph), errorCell(kernels));
  row.insertCell().textContent = `${checked.toLocaleString("en")} of ${numbers.toLocaleString("en")}`;
  return row;
}

/**
 * @param {string} name
 * @param {Hyperparameters} options
 */
function place(name, { kind, hidden_sizes }) {
  const layer = hidden_sizes.length > 1 ? layerOf(name) : null;
  const words = matrixInWords(name, kind);
  return layer === null ? words : `layer ${layer}: ${words}`;
}

/** @param {number | null} error */
function errorCell(error) {
  const cell = document.createElement("td");
  cell.textContent = error === null ? "no number" : scientific(error);
  if (isTooLarge(error)) cell.append(" ", newPart("check-wrong", "wrong"));
  return cell;
}

/**
 * @param {string} className
 * @param {string} words
 */
function newPart(className, words) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = words;
  return element;
}
