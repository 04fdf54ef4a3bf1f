/**
 * Asks about the network again and again, while a panel is seen: only then does looking cost
 * anything. One question is under way at a time, and the newest wins.
 */

/** @import { Connection } from "./connection.js" */
/** @import { Fault } from "./messages.js" */
/** @import { Answers, ClientEvents, Refused, State } from "./protocol" */

import { faultIn } from "./messages.js";

/** @typedef {"surprise" | "units" | "find_units" | "letters" | "weights" | "network"} LookEvent */

/**
 * @template {LookEvent} E
 * @typedef {Parameters<ClientEvents[E]>[0]} Question
 */
/**
 * @template {LookEvent} E
 * @typedef {object} Look
 * @property {E} event
 * @property {() => Question<E> | null} question what to ask now; null: nothing
 * @property {(answer: Answers[E], question: Question<E>) => void} show
 * @property {(fault: Fault | null) => void} wait say why nothing can be shown yet; null once it can
 * @property {Readonly<Record<string, string>>} [places] where faults are shown, by field
 * @property {number} [pace] milliseconds between two questions
 */

const PACE_MS = 500;
/** Rests for each time that an answer took: all panels together take less than a tenth. */
const REST_FACTOR = 100;
/** After a refusal that will not last. */
const RETRY_MS = 1_000;

/** @template {LookEvent} E */
export class Watching {
  #connection;
  #look;

  #inSight = false;
  #asking = false;
  /** @type {string | null} the question that was answered last, and when in the network's life */
  #answered = null;
  /** When the network may be asked again. */
  #due = 0;

  /**
   * @param {HTMLElement} body what is seen, or not: of a details, what it opens
   * @param {Connection} connection
   * @param {Look<E>} look
   */
  constructor(body, connection, look) {
    this.#connection = connection;
    this.#look = look;
    const sight = new IntersectionObserver((changes) => {
      this.#inSight = changes.at(-1)?.isIntersecting ?? false;
      this.#ask();
    });
    sight.observe(body);
    document.addEventListener("visibilitychange", () => this.#ask());
    connection.store.watch(
      ({ link, net }) => (link === "open" ? net : null),
      () => this.#ask(),
    );
  }

  /** Something else is to be asked, at once if it is seen. */
  changed() {
    this.#due = 0;
    this.#ask();
  }

  #ask() {
    const { link, net } = this.#connection.store.page;
    const seen = this.#inSight && !document.hidden;
    if (!seen || link !== "open" || !net || this.#asking) return;
    const question = this.#look.question();
    const key = keyOf(net, question);
    if (!question || key === this.#answered || performance.now() < this.#due) return;
    this.#askNow(question, key);
  }

  /**
   * @param {Question<E>} question
   * @param {string} key
   */
  async #askNow(question, key) {
    this.#asking = true;
    const answer = await this.#connection.answerTo(this.#look.event, question);
    const wanted = JSON.stringify(this.#look.question()) === JSON.stringify(question);
    if (wanted) this.#take(answer, question, key);
    const took = answer.ok ? answer.took : 0;
    const rest = Math.max(this.#look.pace ?? PACE_MS, REST_FACTOR * took);
    this.#due = wanted ? performance.now() + rest : 0;
    this.#asking = false;
    setTimeout(() => this.#ask(), wanted ? rest : 0); // a network that rests sends no frames
  }

  /**
   * @param {Answers[E] | Refused} answer
   * @param {Question<E>} question
   * @param {string} key
   */
  #take(answer, question, key) {
    const { places = {}, show, wait } = this.#look;
    if (answer.ok) {
      this.#answered = key;
      this.#connection.store.blame(places, null);
      wait(null);
      show(answer, question);
    } else if (answer.field && places[answer.field]) {
      this.#answered = key;
      this.#connection.store.blame(places, answer);
      wait(null);
    } else {
      wait(faultIn(answer));
      setTimeout(() => this.#ask(), RETRY_MS);
    }
  }
}

/**
 * @param {State} net
 * @param {object | null} question
 */
function keyOf({ session, version, steps }, question) {
  return JSON.stringify([session, version, steps, question]);
}
