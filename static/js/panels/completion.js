/** Live completions of a prompt that the user types. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Complete, CompleteResult, Completion, ErrorResult, State } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { bindFieldError } from "../ui/field_error.js";
import { refusalOf } from "../messages.js";
import { requireElement, watchVisibility } from "../ui/dom.js";
import { renderText, observeWidth, setText } from "../ui/stable_text.js";

/** @typedef {"prime" | "temperature" | "top_k" | "top_p" | "width"} FieldName */
/** @typedef {Record<FieldName, HTMLInputElement>} Fields */
/** @typedef {Complete["method"]} Method */
/** @typedef {"empty" | "busy" | "shown" | "refused"} PanelState */

/** From the last key to the query. */
const DEBOUNCE_MS = 150;
/** Between two checks whether the network has changed. */
const REFRESH_MS = 1_000;
/** From the answer to its announcement, so that screen readers finish reading the typed keys. */
const ANNOUNCE_DELAY_MS = 700;
/** The last characters of a prompt that are repeated before its completion. */
const MAX_PROMPT_SHOWN = 60;

/** @type {FieldName[]} */
const FIELDS = ["prime", "temperature", "top_k", "top_p", "width"];
/** @type {Method[]} */
const METHODS = ["sample", "beam"];
/** The page's field that shows an error, by the request's field. */
const ERROR_FIELDS = {
  sample: {
    prime: "complete_prime",
    temperature: "complete_temperature",
    top_k: "complete_top_k",
    top_p: "complete_top_p",
    method: "complete_prime",
  },
  beam: { prime: "complete_prime", width: "complete_width", method: "complete_width" },
};
/** The field for a refusal that names none. */
const DEFAULT_FIELD = "method";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const fields = /** @type {Fields} */ (
    Object.fromEntries(
      FIELDS.map((name) => [name, requireElement(element, `#complete_${name}`, HTMLInputElement)]),
    )
  );
  const completer = new Completer(connection, fields, new CompletionView(element), (state) => {
    element.dataset.state = state;
  });
  for (const name of FIELDS) {
    bindFieldError(element, connection.store, `complete_${name}`, fields[name]);
    fields[name].addEventListener("input", () => completer.handleInput());
  }
  watchVisibility(element, (isVisible) => {
    completer.isVisible = isVisible;
  });
  setInterval(() => completer.refresh(), REFRESH_MS);
}

/** Sends one query at a time, and drops the answer if the input has changed since. */
class Completer {
  isVisible = false;

  #connection;
  #fields;
  #view;
  #setState;

  /** Counts inputs: answers to earlier ones are outdated. */
  #revision = 0;
  #announced = 0;
  #pending = false;
  #inFlight = false;
  /** @type {string | null} the network's state at the last answers; null: query again */
  #answeredState = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #debounce;

  /**
   * @param {Connection} connection
   * @param {Fields} fields
   * @param {CompletionView} view
   * @param {(state: PanelState) => void} setState
   */
  constructor(connection, fields, view, setState) {
    this.#connection = connection;
    this.#fields = fields;
    this.#view = view;
    this.#setState = setState;
    setState("empty");
  }

  handleInput() {
    this.#revision++;
    this.#answeredState = null;
    clearTimeout(this.#debounce);
    this.#debounce = undefined;
    if (this.#fields.prime.value) {
      this.#debounce = setTimeout(() => this.#handlePause(), DEBOUNCE_MS);
      this.#setState("busy");
      return;
    }
    this.#setState("empty");
    this.#view.clear();
    this.#connection.store.setFieldErrors(ERROR_FIELDS.sample, refusalOf("prime_empty", "prime"));
  }

  /** Query again if the network has changed and the panel is visible. */
  refresh() {
    const { net } = this.#connection.store.page;
    if (!this.isVisible || !net || this.#debounce !== undefined) return;
    if (!this.#fields.prime.value) return;
    if (networkState(net) !== this.#answeredState) this.#request();
  }

  #handlePause() {
    this.#debounce = undefined;
    this.#request();
  }

  async #request() {
    this.#pending = true;
    if (this.#inFlight) return;
    this.#inFlight = true;
    while (this.#pending) {
      this.#pending = false;
      await this.#complete();
    }
    this.#inFlight = false;
  }

  async #complete() {
    const { store } = this.#connection;
    const { link, net } = store.page;
    if (link !== "open" || !net) return; // retried by the next refresh
    const revision = this.#revision;
    const current = networkState(net);
    const prime = this.#fields.prime.value;
    const answers = [];
    for (const method of METHODS) {
      const answer = await this.#connection.query("complete", this.#params(method));
      if (revision !== this.#revision) return;
      this.#receive(method, prime, answer);
      answers.push(answer);
      if (isPrimeError(answer) || !isFinal(answer)) break; // the other method would get the same answer
    }
    this.#answeredState = answers.every(isFinal) ? current : null;
    const isAnswered = answers.every(({ ok }) => ok);
    this.#setState(isAnswered ? "shown" : "refused");
    if (isAnswered) this.#announceLater(revision);
  }

  /**
   * A refusal that names no field is shown in this panel too: it may repeat every second, and a notice
   * would be announced each time and return after it was dismissed.
   *
   * @param {Method} method
   * @param {string} prime
   * @param {CompleteResult | ErrorResult} answer
   */
  #receive(method, prime, answer) {
    const refused = answer.ok ? null : { ...answer, field: answer.field ?? DEFAULT_FIELD };
    this.#connection.store.setFieldErrors(ERROR_FIELDS[method], refused);
    if (answer.ok) this.#view.show(method, prime, answer.completions);
    else if (isPrimeError(answer)) this.#view.markStale();
  }

  /**
   * @param {Method} method
   * @returns {Complete}
   */
  #params(method) {
    const { prime, temperature, top_k, top_p, width } = this.#fields;
    if (method === "beam") return { prime: prime.value, method, width: width.value };
    return {
      prime: prime.value,
      method,
      temperature: temperature.value,
      top_k: top_k.value,
      top_p: top_p.value,
    };
  }

  /**
   * Announce the completions once for each input, not each time that the network has trained.
   *
   * @param {number} revision
   */
  #announceLater(revision) {
    if (this.#announced === revision) return;
    this.#announced = revision;
    setTimeout(() => {
      if (this.#revision === revision) this.#view.announce();
    }, ANNOUNCE_DELAY_MS);
  }
}

/** Shows the completions, each after its prompt. */
class CompletionView {
  #samples;
  #items;
  #beam;
  #beamRows;
  #liveRegion;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#samples = requireElement(element, "#complete_samples", HTMLElement);
    this.#beam = requireElement(element, "#complete_beam", HTMLElement);
    this.#beamRows = requireElement(element, "#complete_beam tbody", HTMLTableSectionElement);
    this.#liveRegion = requireElement(element, "#complete_spoken", HTMLElement);
    this.#items = [...this.#samples.children].filter((child) => child instanceof HTMLElement);
    this.#items.forEach(observeWidth);
  }

  clear() {
    this.#samples.hidden = true;
    this.#beam.hidden = true;
    this.#liveRegion.textContent = "";
  }

  /** The completions do not belong to the text in the field. */
  markStale() {
    for (const element of [this.#samples, this.#beam]) element.classList.add("outdated");
  }

  /**
   * @param {Method} method
   * @param {string} prime
   * @param {Completion[]} completions
   */
  show(method, prime, completions) {
    const prompt = tailOf(prime);
    const element = method === "beam" ? this.#beam : this.#samples;
    element.hidden = completions.length === 0;
    element.classList.remove("outdated");
    if (method === "beam") this.#showBeam(prompt, completions);
    else this.#showSamples(prompt, completions);
  }

  announce() {
    const [sample] = this.#items;
    const [likeliest] = this.#beamRows.rows;
    this.#liveRegion.textContent =
      `A sample: ${sample?.textContent ?? ""}. ` +
      `The most likely: ${likeliest?.cells[0]?.textContent ?? ""}.`;
  }

  /**
   * @param {string} prompt
   * @param {Completion[]} completions
   */
  #showSamples(prompt, completions) {
    for (const [index, element] of this.#items.entries()) {
      const completion = completions[index];
      if (completion) setText(element, textOf(completion), prompt);
    }
  }

  /**
   * Existing rows are reused, so that screen readers keep their position.
   *
   * @param {string} prompt
   * @param {Completion[]} completions
   */
  #showBeam(prompt, completions) {
    const { rows } = this.#beamRows;
    while (rows.length > completions.length) this.#beamRows.deleteRow(-1);
    while (rows.length < completions.length) addRow(this.#beamRows);
    for (const [index, completion] of completions.entries()) {
      const [sentence, logProbability] = rows[index]?.cells ?? [];
      if (!sentence || !logProbability) continue;
      renderText(sentence, textOf(completion), prompt);
      logProbability.textContent = formatLogProbability(completion);
    }
  }
}

/** @param {CompleteResult | ErrorResult} answer */
function isPrimeError(answer) {
  return !answer.ok && answer.field === "prime";
}

/**
 * Whether the same network would give the same answer again: not while it compiles or the server is busy.
 *
 * @param {CompleteResult | ErrorResult} answer
 */
function isFinal(answer) {
  return answer.ok || !["method", null].includes(answer.field);
}

/** @param {HTMLTableSectionElement} tableBody */
function addRow(tableBody) {
  const row = tableBody.insertRow();
  const sentence = row.insertCell();
  sentence.className = "alternative";
  sentence.dir = "auto";
  row.insertCell().className = "logarithm";
}

/** @param {Completion} completion */
function textOf({ text, cut }) {
  return cut ? `${text}…` : text;
}

/** @param {Completion} completion */
function formatLogProbability({ log_probability }) {
  return log_probability === null ? "" : log_probability.toFixed(2).replace("-", "−");
}

/** @param {string} prime */
function tailOf(prime) {
  const characters = [...prime];
  if (characters.length <= MAX_PROMPT_SHOWN) return prime;
  return `…${characters.slice(-MAX_PROMPT_SHOWN).join("")}`;
}

/** @param {State} net */
function networkState(net) {
  return `${networkId(net)} ${net.steps}`;
}
