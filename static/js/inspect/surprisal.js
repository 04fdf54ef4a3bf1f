/** A text shaded by how little the network expected each of its characters. */

/** @import { Connection } from "../net/connection.js" */
/** @import { SurprisalResult } from "../protocol" */

import { DataTable } from "../ui/data_table.js";
import { showFault } from "../ui/field_error.js";
import { Likeliest } from "../ui/probability_bars.js";
import { faultOf } from "../messages.js";
import { exactPercent, nameOf, percent, quoted } from "../format.js";
import { requireElement } from "../ui/dom.js";
import { TEXT_PLACE } from "../state/probe_text.js";
import { LiveQuery } from "../net/live_query.js";

/** Shades of surprise: one for each bit, the last for all that is rarer than 1 in 128. */
const SHADES = 8;
/** Characters before a place that are told of it. */
const CONTEXT = 12;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const body = requireElement(element, ".inspect-body", HTMLElement);
  const waiting = requireElement(element, "#surprise_wait", HTMLElement);
  const shown = new Shown(element);
  const query = new LiveQuery(body, connection, {
    event: "surprise",
    panel: element,
    question: () => (store.page.probeText ? { text: store.page.probeText } : null),
    show: (answer) => shown.show(answer),
    wait: (fault) => showFault(waiting, fault),
    places: TEXT_PLACE,
  });
  store.watch(
    (page) => page.probeText,
    () => query.changed(),
  );
  store.watch(
    (page) => Boolean(page.fieldErrors[TEXT_PLACE.text]),
    (faulty) => body.classList.toggle("is-stale", faulty),
  );
}

/** The shaded text, and what was expected at the chosen place in it. */
class Shown {
  #text;
  #perplexity;
  #context;
  #likeliest;
  #table;

  /** @type {HTMLElement[]} one for each character, and one for the end */
  #marks = [];
  /** @type {SurprisalResult | null} */
  #answer = null;
  #chosen = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#text = requireElement(element, "#surprise_text", HTMLElement);
    this.#perplexity = requireElement(element, "#surprise_perplexity", HTMLElement);
    this.#context = requireElement(element, "#surprise_context", HTMLElement);
    this.#likeliest = new Likeliest(requireElement(element, "#surprise_likeliest", HTMLElement));
    this.#table = new DataTable(element);
    for (const event of ["pointerover", "focusin"]) {
      this.#text.addEventListener(event, ({ target }) => this.#point(target));
    }
    this.#text.addEventListener("keydown", (event) => this.#press(event));
  }

  /** @param {SurprisalResult} answer */
  show(answer) {
    const isOther = answer.characters.join("") !== this.#answer?.characters.join("");
    this.#answer = answer;
    if (isOther) this.#write(answer);
    for (const [place, probability] of answer.probabilities.entries()) {
      this.#shade(place, probability);
    }
    this.#tellPerplexity(answer.perplexity);
    this.#choose(this.#chosen);
    this.#table.show(answer.probabilities.map((p, place) => tableRow(answer, place, p)));
  }

  /** @param {number | null} perplexity */
  #tellPerplexity(perplexity) {
    showFault(this.#perplexity, perplexity === null ? faultOf("network_diverged") : null);
    if (perplexity !== null) this.#perplexity.textContent = inWords(perplexity);
  }

  /**
   * Another text: marks of its own, and first of all a look at its greatest surprise.
   *
   * @param {SurprisalResult} answer
   */
  #write({ characters, probabilities }) {
    this.#marks = [...characters, ""].map(newMark);
    this.#text.replaceChildren(...this.#marks);
    this.#chosen = probabilities.indexOf(Math.min(...probabilities));
  }

  /**
   * @param {number} place
   * @param {number} probability
   */
  #shade(place, probability) {
    const mark = this.#marks[place];
    if (!mark) return;
    mark.dataset.shade = String(shadeOf(probability));
    mark.ariaLabel = `${nameOf(this.#characterAt(place))}, ${percent(probability)}`;
  }

  /** @param {EventTarget | null} target */
  #point(target) {
    const place = this.#marks.findIndex((mark) => mark === target);
    if (place >= 0) this.#choose(place);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const last = this.#marks.length - 1;
    /** @type {Record<string, number>} */
    const places = {
      ArrowLeft: this.#chosen - 1,
      ArrowRight: this.#chosen + 1,
      Home: 0,
      End: last,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault(); // or the page would scroll
    this.#marks[Math.min(Math.max(place, 0), last)]?.focus();
  }

  /** @param {number} chosen */
  #choose(chosen) {
    const before = this.#marks[this.#chosen];
    const mark = this.#marks[chosen];
    if (before && before !== mark) setChosen(before, false);
    if (mark) setChosen(mark, true);
    this.#chosen = chosen;
    const answer = this.#answer;
    if (!answer) return;
    const character = this.#characterAt(chosen);
    this.#likeliest.show(answer.likeliest[chosen] ?? [], character);
    const p = answer.probabilities[chosen] ?? 0;
    const context = contextOf(answer.characters, chosen);
    this.#context.textContent = `${context} comes ${quoted(character)}, expected with ${percent(p)}.`;
  }

  /** @param {number} place */
  #characterAt(place) {
    return this.#answer?.characters[place] ?? "";
  }
}

/** @param {string} character */
function newMark(character) {
  const mark = document.createElement("span");
  mark.className = character ? "shaded-mark" : "shaded-mark end";
  mark.textContent = character || "END";
  mark.tabIndex = -1;
  mark.role = "option";
  mark.ariaSelected = "false";
  return mark;
}

/**
 * @param {HTMLElement} mark
 * @param {boolean} chosen
 */
function setChosen(mark, chosen) {
  mark.tabIndex = chosen ? 0 : -1;
  mark.ariaSelected = String(chosen);
}

/** @param {number} probability */
function shadeOf(probability) {
  return Math.min(Math.floor(bitsOf(probability)), SHADES - 1);
}

/** @param {number} probability */
function bitsOf(probability) {
  return -Math.log2(Math.max(probability, Number.MIN_VALUE));
}

/**
 * @param {string[]} characters
 * @param {number} place
 */
function contextOf(characters, place) {
  if (place === 0) return "At the start";
  const before = characters.slice(Math.max(0, place - CONTEXT), place).join("");
  return `After “${place > CONTEXT ? "…" : ""}${before}”`;
}

/** @param {number} perplexity */
function inWords(perplexity) {
  const figure = perplexity.toFixed(2);
  return `Perplexity of this text: ${figure}, as if guessing among ${figure} characters.`;
}

/**
 * @param {SurprisalResult} answer
 * @param {number} place
 * @param {number} probability
 */
function tableRow(answer, place, probability) {
  const [likeliest] = answer.likeliest[place] ?? [];
  return [
    nameOf(answer.characters[place] ?? ""),
    exactPercent(probability),
    bitsOf(probability).toFixed(1),
    likeliest ? `${nameOf(likeliest[0])}, ${percent(likeliest[1])}` : "",
  ];
}
