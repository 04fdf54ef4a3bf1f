/** The probe text, shaded by the surprisal of each character. */

/** @import { Connection } from "../net/connection.js" */
/** @import { SurprisalResult } from "../protocol" */

import { DataTable } from "../ui/data_table.js";
import { showError } from "../ui/field_error.js";
import { ProbabilityBars } from "../ui/probability_bars.js";
import { errorOf } from "../messages.js";
import { exactPercent, nameOf, percent, quoted } from "../format.js";
import { newElement, requireElement } from "../ui/dom.js";
import { TEXT_ERROR_FIELD } from "../state/probe_text.js";
import { LiveQuery } from "../net/live_query.js";

/** One shade for each bit of surprisal, the last for everything rarer than 1 in 128. */
const SHADES = 8;
/** Characters shown before the selected one. */
const CONTEXT = 12;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const content = requireElement(element, ".inspect-body", HTMLElement);
  const message = requireElement(element, "#surprise_wait", HTMLElement);
  const shaded = new ShadedText(element);
  const query = new LiveQuery(content, connection, {
    event: "surprise",
    panel: element,
    params: () => (store.page.probeText ? { text: store.page.probeText } : null),
    show: (answer) => shaded.show(answer),
    showError: (error) => showError(message, error),
    errorFields: TEXT_ERROR_FIELD,
  });
  store.watch(
    (page) => page.probeText,
    () => query.refresh(),
  );
  store.watch(
    (page) => Boolean(page.fieldErrors[TEXT_ERROR_FIELD.text]),
    (hasError) => content.classList.toggle("is-stale", hasError),
  );
}

/** The shaded text, and the predictions at the selected character. */
class ShadedText {
  #text;
  #perplexity;
  #context;
  #likeliest;
  #table;

  /** @type {HTMLElement[]} one for each character, and one for the end of a sentence */
  #marks = [];
  /** @type {SurprisalResult | null} */
  #answer = null;
  #selected = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#text = requireElement(element, "#surprise_text", HTMLElement);
    this.#perplexity = requireElement(element, "#surprise_perplexity", HTMLElement);
    this.#context = requireElement(element, "#surprise_context", HTMLElement);
    this.#likeliest = new ProbabilityBars(
      requireElement(element, "#surprise_likeliest", HTMLElement),
    );
    this.#table = new DataTable(element);
    for (const event of ["pointerover", "focusin"]) {
      this.#text.addEventListener(event, ({ target }) => this.#handlePointer(target));
    }
    this.#text.addEventListener("keydown", (event) => this.#handleKey(event));
  }

  /** @param {SurprisalResult} answer */
  show(answer) {
    const isNewText = answer.characters.join("") !== this.#answer?.characters.join("");
    this.#answer = answer;
    if (isNewText) this.#render(answer);
    for (const [index, probability] of answer.probabilities.entries()) {
      this.#shade(index, probability);
    }
    this.#showPerplexity(answer.perplexity);
    this.#select(this.#selected);
    this.#table.show(answer.probabilities.map((p, index) => tableRow(answer, index, p)));
  }

  /** @param {number | null} perplexity */
  #showPerplexity(perplexity) {
    showError(this.#perplexity, perplexity === null ? errorOf("network_diverged") : null);
    if (perplexity !== null) this.#perplexity.textContent = perplexityText(perplexity);
  }

  /**
   * Render another text, with its most surprising character selected.
   *
   * @param {SurprisalResult} answer
   */
  #render({ characters, probabilities }) {
    const hasEnd = probabilities.length !== characters.length; // running text has none
    this.#marks = (hasEnd ? [...characters, ""] : characters).map(newMark);
    this.#text.replaceChildren(...this.#marks);
    this.#selected = probabilities.indexOf(Math.min(...probabilities));
  }

  /**
   * @param {number} index
   * @param {number} probability
   */
  #shade(index, probability) {
    const mark = this.#marks[index];
    if (!mark) return;
    mark.dataset.shade = String(shadeOf(probability));
    mark.ariaLabel = `${nameOf(this.#characterAt(index))}, ${percent(probability)}`;
  }

  /** @param {EventTarget | null} target */
  #handlePointer(target) {
    const index = this.#marks.findIndex((mark) => mark === target);
    if (index >= 0) this.#select(index);
  }

  /** @param {KeyboardEvent} event */
  #handleKey(event) {
    const last = this.#marks.length - 1;
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: this.#selected - 1,
      ArrowRight: this.#selected + 1,
      Home: 0,
      End: last,
    };
    const index = targets[event.key];
    if (index === undefined) return;
    event.preventDefault(); // or the page would scroll
    this.#marks[Math.min(Math.max(index, 0), last)]?.focus();
  }

  /** @param {number} selected */
  #select(selected) {
    const previous = this.#marks[this.#selected];
    const mark = this.#marks[selected];
    if (previous && previous !== mark) setSelected(previous, false);
    if (mark) setSelected(mark, true);
    this.#selected = selected;
    const answer = this.#answer;
    if (!answer) return;
    const character = this.#characterAt(selected);
    this.#likeliest.show(answer.likeliest[selected] ?? [], character);
    const p = answer.probabilities[selected] ?? 0;
    const context = contextOf(answer.characters, selected);
    this.#context.textContent = `${context} comes ${quoted(character)}, predicted with probability ${percent(p)}.`;
  }

  /** @param {number} index */
  #characterAt(index) {
    return this.#answer?.characters[index] ?? "";
  }
}

/** @param {string} character */
function newMark(character) {
  const className = character ? "shaded-mark" : "shaded-mark end";
  const mark = newElement("span", className, character || "END");
  mark.tabIndex = -1;
  mark.role = "option";
  mark.ariaSelected = "false";
  return mark;
}

/**
 * @param {HTMLElement} mark
 * @param {boolean} selected
 */
function setSelected(mark, selected) {
  mark.tabIndex = selected ? 0 : -1;
  mark.ariaSelected = String(selected);
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
 * @param {number} index
 */
function contextOf(characters, index) {
  if (index === 0) return "At the start";
  const previous = characters.slice(Math.max(0, index - CONTEXT), index).join("");
  return `After “${index > CONTEXT ? "…" : ""}${previous}”`;
}

/** @param {number} perplexity */
function perplexityText(perplexity) {
  const value = perplexity.toFixed(2);
  return `Perplexity of this text: ${value}, as uncertain as a guess among ${value} characters.`;
}

/**
 * @param {SurprisalResult} answer
 * @param {number} index
 * @param {number} probability
 */
function tableRow(answer, index, probability) {
  const [likeliest] = answer.likeliest[index] ?? [];
  return [
    nameOf(answer.characters[index] ?? ""),
    exactPercent(probability),
    bitsOf(probability).toFixed(1),
    likeliest ? `${nameOf(likeliest[0])}, ${percent(likeliest[1])}` : "",
  ];
}
