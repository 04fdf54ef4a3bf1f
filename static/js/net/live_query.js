/**
 * Asks about the network again and again, while a panel is seen: only then does looking cost
 * anything. One question is under way at a time, and the newest wins. The panel's `data-state` says
 * whether the answer on it is that to the question of now.
 */

/** @import { Connection } from "./connection.js" */
/** @import { Fault } from "../messages.js" */
/** @import { Answers, ClientEvents, ErrorResult, State } from "../protocol" */

import { faultIn } from "../messages.js";

/** @typedef {"surprise" | "units" | "find_units" | "letters" | "weights" | "network"} QueryEvent */

/**
 * @template {QueryEvent} E
 * @typedef {Parameters<ClientEvents[E]>[0]} Question
 */
/**
 * @template {QueryEvent} E
 * @typedef {object} QueryOptions
 * @property {E} event
 * @property {HTMLElement} panel that carries the state
 * @property {() => Question<E> | null} question what to ask now; null: nothing
 * @property {() => boolean} [isStale] whether the person has gone on, and what to ask follows later
 * @property {(answer: Answers[E], question: Question<E>) => void} show
 * @property {(fault: Fault | null) => void} wait say why nothing can be shown yet; null once it can
 * @property {(answer: Answers[E]) => Fault | null} [faultOf] why there is nothing to show in an answer
 * @property {(answer: Answers[E]) => boolean} [isEmpty] whether an answer says that there is nothing
 * @property {Readonly<Record<string, string>>} [places] where faults are shown, by field
 * @property {number} [pace] milliseconds between two questions
 */

const PACE_MS = 500;
/** Rests for each time that an answer took: all panels together take less than a tenth. */
const REST_FACTOR = 100;
/** After a refusal that will not last. */
const RETRY_MS = 1_000;

/** @template {QueryEvent} E */
export class LiveQuery {
  #connection;
  #options;

  #inSight = false;
  #asking = false;
  /** @type {string | null} the question that was answered last, and when in the network's life */
  #answered = null;
  /** When the network may be asked again. */
  #due = 0;
  /** @type {string | null} what the answer that is shown is to */
  #shown = null;
  /** @type {string | null} what was not answered, when it was asked last */
  #refused = null;
  #isEmpty = false;

  /**
   * @param {HTMLElement} body what is seen, or not: of a details, what it opens
   * @param {Connection} connection
   * @param {QueryOptions<E>} options
   */
  constructor(body, connection, options) {
    this.#connection = connection;
    this.#options = options;
    const sight = new IntersectionObserver((changes) => {
      this.#inSight = changes.at(-1)?.isIntersecting ?? false;
      this.#ask();
    });
    sight.observe(body);
    document.addEventListener("visibilitychange", () => this.#ask());
    connection.store.watch(
      ({ link, net }) => (link === "open" ? net : null),
      () => {
        this.tellState();
        this.#ask();
      },
    );
  }

  /** Something else is to be asked, at once if it is seen. */
  changed() {
    this.#due = 0;
    this.tellState();
    this.#ask();
  }

  /** The answer is not shown any longer. */
  forget() {
    this.#shown = null;
    this.tellState();
  }

  /** The person has gone on, or an answer has come. */
  tellState() {
    const { dataset } = this.#options.panel;
    const state = this.#state();
    if (dataset.state !== state) dataset.state = state;
  }

  #ask() {
    const { link, net } = this.#connection.store.page;
    const seen = this.#inSight && !document.hidden;
    if (!seen || link !== "open" || !net || this.#asking) return;
    const question = this.#options.question();
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
    const subject = this.#subject();
    const answer = await this.#connection.query(this.#options.event, question);
    const wanted = this.#subject() === subject; // else it may be of the network before this one
    if (wanted) this.#take(answer, question, key);
    this.tellState();
    const took = answer.ok ? answer.took : 0;
    const rest = Math.max(this.#options.pace ?? PACE_MS, REST_FACTOR * took);
    this.#due = wanted ? performance.now() + rest : 0;
    this.#asking = false;
    setTimeout(() => this.#ask(), wanted ? rest : 0); // a network that rests sends no frames
  }

  /**
   * @param {Answers[E] | ErrorResult} answer
   * @param {Question<E>} question
   * @param {string} key
   */
  #take(answer, question, key) {
    const { places = {}, wait } = this.#options;
    this.#refused = answer.ok ? null : this.#subject();
    if (answer.ok) {
      this.#answered = key;
      this.#connection.store.setFieldErrors(places, null);
      this.#show(answer, question);
    } else if (answer.field && places[answer.field]) {
      this.#answered = key;
      this.#connection.store.setFieldErrors(places, answer);
      wait(null);
    } else {
      wait(faultIn(answer));
      setTimeout(() => this.#ask(), RETRY_MS);
    }
  }

  /**
   * @param {Answers[E]} answer
   * @param {Question<E>} question
   */
  #show(answer, question) {
    const { faultOf, isEmpty, show, wait } = this.#options;
    const fault = faultOf?.(answer) ?? null;
    wait(fault);
    if (fault) {
      this.#refused = this.#subject();
      return;
    }
    show(answer, question);
    this.#shown = this.#subject();
    this.#isEmpty = isEmpty?.(answer) ?? false;
  }

  #state() {
    const subject = this.#subject();
    if (this.#refused === subject) return this.#shown === null ? "refused" : "outdated";
    if (this.#shown === null) return "loading";
    if (this.#shown !== subject || this.#options.isStale?.()) return "outdated";
    return this.#isEmpty ? "empty" : "shown";
  }

  /** What is to be asked, and of which network. */
  #subject() {
    const { net } = this.#connection.store.page;
    return JSON.stringify([net?.session, net?.version, this.#options.question()]);
  }
}

/**
 * @param {State} net
 * @param {object | null} question
 */
function keyOf({ session, version, steps }, question) {
  return JSON.stringify([session, version, steps, question]);
}
