/** A beginning that a person types, and how the network goes on from it, live. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Complete, CompleteResult, Completion, ErrorResult, State } from "../protocol" */

import { networkId } from "../state/network_id.js";
import { bindFieldError } from "../ui/field_error.js";
import { refusalOf } from "../messages.js";
import { requireElement } from "../ui/dom.js";
import { renderText, observeWidth, setText } from "../ui/stable_text.js";

/** @typedef {"prime" | "temperature" | "top_k" | "top_p" | "width"} EntryName */
/** @typedef {Record<EntryName, HTMLInputElement>} Entries */
/** @typedef {Complete["method"]} Method */
/** @typedef {"empty" | "busy" | "shown" | "refused"} PanelState */

/** From the last key to the question: who types on has not meant what is there. */
const PAUSE_MS = 150;
/** Between two looks whether the network is another by now. */
const LOOK_MS = 1_000;
/** From the answer to the words for those who listen: while they type, they hear their typing. */
const QUIET_MS = 700;
/** Characters of a long beginning that are shown again before what comes after it. */
const BEGINNING_SHOWN = 60;

/** @type {EntryName[]} */
const ENTRIES = ["prime", "temperature", "top_k", "top_p", "width"];
/** @type {Method[]} */
const METHODS = ["sample", "beam"];
/** Where faults are shown, by the field of the question. */
const PLACES = {
  sample: {
    prime: "complete_prime",
    temperature: "complete_temperature",
    top_k: "complete_top_k",
    top_p: "complete_top_p",
    method: "complete_prime",
  },
  beam: { prime: "complete_prime", width: "complete_width", method: "complete_width" },
};
/** The field that has the place of a refusal which names none. */
const ANY_FIELD = "method";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const entries = /** @type {Entries} */ (
    Object.fromEntries(
      ENTRIES.map((name) => [name, requireElement(element, `#complete_${name}`, HTMLInputElement)]),
    )
  );
  const asking = new Asking(connection, entries, new Answers(element), (state) => {
    element.dataset.state = state;
  });
  for (const name of ENTRIES) {
    bindFieldError(element, connection.store, `complete_${name}`, entries[name]);
    entries[name].addEventListener("input", () => asking.entered());
  }
  watchSight(element, (inSight) => {
    asking.inSight = inSight;
  });
  setInterval(() => asking.look(), LOOK_MS);
}

/**
 * @param {HTMLElement} element
 * @param {(inSight: boolean) => void} tell
 */
function watchSight(element, tell) {
  const sight = new IntersectionObserver((changes) => {
    tell(changes.at(-1)?.isIntersecting ?? false);
  });
  sight.observe(element);
}

/** Asks one question at a time, and lets go of the answer where something else was entered since. */
class Asking {
  inSight = false;

  #connection;
  #entries;
  #answers;
  #tellState;

  /** How often something was entered: an answer to less is outdated. */
  #entered = 0;
  #spoken = 0;
  #wanted = false;
  #asking = false;
  /** @type {string | null} when in its life the network gave the answers; null: ask anew */
  #answeredFor = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /**
   * @param {Connection} connection
   * @param {Entries} entries
   * @param {Answers} answers
   * @param {(state: PanelState) => void} tellState
   */
  constructor(connection, entries, answers, tellState) {
    this.#connection = connection;
    this.#entries = entries;
    this.#answers = answers;
    this.#tellState = tellState;
    tellState("empty");
  }

  /** The person has entered something. */
  entered() {
    this.#entered++;
    this.#answeredFor = null;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    if (this.#entries.prime.value) {
      this.#pause = setTimeout(() => this.#typed(), PAUSE_MS);
      this.#tellState("busy");
      return;
    }
    this.#tellState("empty");
    this.#answers.clear();
    this.#connection.store.setFieldErrors(PLACES.sample, refusalOf("prime_empty", "prime"));
  }

  /** Ask anew if the network is another by now, and somebody sees it. */
  look() {
    const { net } = this.#connection.store.page;
    const seen = this.inSight && !document.hidden;
    if (!seen || !net || this.#pause !== undefined || !this.#entries.prime.value) return;
    if (networkState(net) !== this.#answeredFor) this.#want();
  }

  #typed() {
    this.#pause = undefined;
    this.#want();
  }

  async #want() {
    this.#wanted = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#wanted) {
      this.#wanted = false;
      await this.#ask();
    }
    this.#asking = false;
  }

  async #ask() {
    const { store } = this.#connection;
    const { link, net } = store.page;
    if (link !== "open" || !net) return; // the next look asks again
    const entered = this.#entered;
    const current = networkState(net);
    const prime = this.#entries.prime.value;
    const answers = [];
    for (const method of METHODS) {
      const answer = await this.#connection.query("complete", this.#question(method));
      if (entered !== this.#entered) return;
      this.#take(method, prime, answer);
      answers.push(answer);
      if (isAboutPrime(answer) || !isFinal(answer)) break; // which the other would say as well
    }
    this.#answeredFor = answers.every(isFinal) ? current : null;
    const isAnswered = answers.every(({ ok }) => ok);
    this.#tellState(isAnswered ? "shown" : "refused");
    if (isAnswered) this.#speak(entered);
  }

  /**
   * A refusal that names no field is shown here, too: it may come every second, and a notice of it
   * would be read out each time, and come back to a person who has dismissed it.
   *
   * @param {Method} method
   * @param {string} prime
   * @param {CompleteResult | ErrorResult} answer
   */
  #take(method, prime, answer) {
    const refused = answer.ok ? null : { ...answer, field: answer.field ?? ANY_FIELD };
    this.#connection.store.setFieldErrors(PLACES[method], refused);
    if (answer.ok) this.#answers.show(method, prime, answer.completions);
    else if (isAboutPrime(answer)) this.#answers.outdate();
  }

  /**
   * @param {Method} method
   * @returns {Complete}
   */
  #question(method) {
    const { prime, temperature, top_k, top_p, width } = this.#entries;
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
   * Tell those who listen, once for what they entered: not whenever the network has trained further.
   *
   * @param {number} entered
   */
  #speak(entered) {
    if (this.#spoken === entered) return;
    this.#spoken = entered;
    setTimeout(() => {
      if (this.#entered === entered) this.#answers.speak();
    }, QUIET_MS);
  }
}

/** Shows what came, the beginning apart from what the network wrote. */
class Answers {
  #samples;
  #places;
  #beam;
  #alternatives;
  #spoken;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#samples = requireElement(element, "#complete_samples", HTMLElement);
    this.#beam = requireElement(element, "#complete_beam", HTMLElement);
    this.#alternatives = requireElement(element, "#complete_beam tbody", HTMLTableSectionElement);
    this.#spoken = requireElement(element, "#complete_spoken", HTMLElement);
    this.#places = [...this.#samples.children].filter((child) => child instanceof HTMLElement);
    this.#places.forEach(observeWidth);
  }

  clear() {
    this.#samples.hidden = true;
    this.#beam.hidden = true;
    this.#spoken.textContent = "";
  }

  /** They are no answers to what is in the box. */
  outdate() {
    for (const place of [this.#samples, this.#beam]) place.classList.add("outdated");
  }

  /**
   * @param {Method} method
   * @param {string} prime
   * @param {Completion[]} completions
   */
  show(method, prime, completions) {
    const beginning = endOf(prime);
    const place = method === "beam" ? this.#beam : this.#samples;
    place.hidden = completions.length === 0;
    place.classList.remove("outdated");
    if (method === "beam") this.#showAlternatives(beginning, completions);
    else this.#showSamples(beginning, completions);
  }

  speak() {
    const [sample] = this.#places;
    const [likeliest] = this.#alternatives.rows;
    this.#spoken.textContent =
      `It may go on: ${sample?.textContent ?? ""}. ` +
      `The likeliest: ${likeliest?.cells[0]?.textContent ?? ""}.`;
  }

  /**
   * @param {string} beginning
   * @param {Completion[]} completions
   */
  #showSamples(beginning, completions) {
    for (const [index, place] of this.#places.entries()) {
      const completion = completions[index];
      if (completion) setText(place, written(completion), beginning);
    }
  }

  /**
   * Rows that are there already stay, so that readers keep their place.
   *
   * @param {string} beginning
   * @param {Completion[]} completions
   */
  #showAlternatives(beginning, completions) {
    const { rows } = this.#alternatives;
    while (rows.length > completions.length) this.#alternatives.deleteRow(-1);
    while (rows.length < completions.length) addAlternative(this.#alternatives);
    for (const [index, completion] of completions.entries()) {
      const [sentence, logarithm] = rows[index]?.cells ?? [];
      if (!sentence || !logarithm) continue;
      renderText(sentence, written(completion), beginning);
      logarithm.textContent = logarithmOf(completion);
    }
  }
}

/** @param {CompleteResult | ErrorResult} answer */
function isAboutPrime(answer) {
  return !answer.ok && answer.field === "prime";
}

/**
 * Whether asking the same network again would bring nothing new: not where it is still compiled, or
 * the server is busy.
 *
 * @param {CompleteResult | ErrorResult} answer
 */
function isFinal(answer) {
  return answer.ok || !["method", null].includes(answer.field);
}

/** @param {HTMLTableSectionElement} alternatives */
function addAlternative(alternatives) {
  const row = alternatives.insertRow();
  const sentence = row.insertCell();
  sentence.className = "alternative";
  sentence.dir = "auto";
  row.insertCell().className = "logarithm";
}

/** @param {Completion} completion */
function written({ text, cut }) {
  return cut ? `${text}…` : text;
}

/** @param {Completion} completion */
function logarithmOf({ log_probability }) {
  return log_probability === null ? "" : log_probability.toFixed(2).replace("-", "−");
}

/** @param {string} prime */
function endOf(prime) {
  const characters = [...prime];
  if (characters.length <= BEGINNING_SHOWN) return prime;
  return `…${characters.slice(-BEGINNING_SHOWN).join("")}`;
}

/** @param {State} net */
function networkState(net) {
  return `${networkId(net)} ${net.steps}`;
}
