/**
 * Repeats a query about the network while a panel is visible. One query is in flight at a time, and the
 * newest wins. The panel's `data-state` says whether the answer shown belongs to the current query.
 */

/** @import { Connection } from "./connection.js" */
/** @import { PageError } from "../messages.js" */
/** @import { Answers, ClientEvents, ErrorResult, State } from "../protocol" */

import { errorFrom } from "../messages.js";

/** @typedef {"surprise" | "units" | "find_units" | "letters" | "weights" | "network"} QueryEvent */

/**
 * @template {QueryEvent} E
 * @typedef {Parameters<ClientEvents[E]>[0]} QueryParams
 */
/**
 * @template {QueryEvent} E
 * @typedef {object} QueryOptions
 * @property {E} event
 * @property {HTMLElement} panel whose `data-state` is set
 * @property {() => QueryParams<E> | null} params of the query to send now; null: none
 * @property {() => boolean} [isStale] whether the user has moved on, and new params follow
 * @property {(answer: Answers[E], params: QueryParams<E>) => void} show
 * @property {(error: PageError | null) => void} showError why nothing can be shown yet; null once it can
 * @property {(answer: Answers[E]) => PageError | null} [errorOf] why an answer cannot be shown
 * @property {(answer: Answers[E]) => boolean} [isEmpty] whether an answer has no results
 * @property {Readonly<Record<string, string>>} [errorFields] the page's field that shows an error, by the request's field
 * @property {number} [minInterval] milliseconds between two queries
 */

const MIN_INTERVAL_MS = 500;
/** Pause per query, as a multiple of its duration: all panels together take less than a tenth. */
const REST_FACTOR = 100;
/** After a temporary refusal. */
const RETRY_MS = 1_000;

/** @template {QueryEvent} E */
export class LiveQuery {
  #connection;
  #options;

  #isVisible = false;
  #inFlight = false;
  /** @type {string | null} the query and network state of the last answer */
  #answeredKey = null;
  #nextQueryAt = 0;
  /** @type {string | null} the subject of the answer shown */
  #shownSubject = null;
  /** @type {string | null} the subject of the last query, if it was refused */
  #failedSubject = null;
  #isEmpty = false;

  /**
   * @param {HTMLElement} content whose visibility counts: of a details, the part that it opens
   * @param {Connection} connection
   * @param {QueryOptions<E>} options
   */
  constructor(content, connection, options) {
    this.#connection = connection;
    this.#options = options;
    const observer = new IntersectionObserver((changes) => {
      this.#isVisible = changes.at(-1)?.isIntersecting ?? false;
      this.#poll();
    });
    observer.observe(content);
    document.addEventListener("visibilitychange", () => this.#poll());
    connection.store.watch(
      ({ link, net }) => (link === "open" ? net : null),
      () => {
        this.updateState();
        this.#poll();
      },
    );
  }

  /** The params have changed: query at once if visible. */
  refresh() {
    this.#nextQueryAt = 0;
    this.updateState();
    this.#poll();
  }

  /** The answer shown has been removed. */
  reset() {
    this.#shownSubject = null;
    this.updateState();
  }

  /** Write `data-state` anew. */
  updateState() {
    const { dataset } = this.#options.panel;
    const state = this.#state();
    if (dataset.state !== state) dataset.state = state;
  }

  #poll() {
    const { link, net } = this.#connection.store.page;
    const seen = this.#isVisible && !document.hidden;
    if (!seen || link !== "open" || !net || this.#inFlight) return;
    const params = this.#options.params();
    const key = queryKey(net, params);
    if (!params || key === this.#answeredKey || performance.now() < this.#nextQueryAt) return;
    this.#send(params, key);
  }

  /**
   * @param {QueryParams<E>} params
   * @param {string} key
   */
  async #send(params, key) {
    this.#inFlight = true;
    const subject = this.#subject();
    const answer = await this.#connection.query(this.#options.event, params);
    const isCurrent = this.#subject() === subject; // else it may be about the previous network
    if (isCurrent) this.#receive(answer, params, key);
    this.updateState();
    const duration = answer.ok ? answer.took : 0;
    const delay = Math.max(this.#options.minInterval ?? MIN_INTERVAL_MS, REST_FACTOR * duration);
    this.#nextQueryAt = isCurrent ? performance.now() + delay : 0;
    this.#inFlight = false;
    setTimeout(() => this.#poll(), isCurrent ? delay : 0); // a paused network sends no frames
  }

  /**
   * @param {Answers[E] | ErrorResult} answer
   * @param {QueryParams<E>} params
   * @param {string} key
   */
  #receive(answer, params, key) {
    const { errorFields = {}, showError } = this.#options;
    this.#failedSubject = answer.ok ? null : this.#subject();
    if (answer.ok) {
      this.#answeredKey = key;
      this.#connection.store.setFieldErrors(errorFields, null);
      this.#show(answer, params);
    } else if (answer.field && errorFields[answer.field]) {
      this.#answeredKey = key;
      this.#connection.store.setFieldErrors(errorFields, answer);
      showError(null);
    } else {
      showError(errorFrom(answer));
      setTimeout(() => this.#poll(), RETRY_MS);
    }
  }

  /**
   * @param {Answers[E]} answer
   * @param {QueryParams<E>} params
   */
  #show(answer, params) {
    const { errorOf, isEmpty, show, showError } = this.#options;
    const error = errorOf?.(answer) ?? null;
    showError(error);
    if (error) {
      this.#failedSubject = this.#subject();
      return;
    }
    show(answer, params);
    this.#shownSubject = this.#subject();
    this.#isEmpty = isEmpty?.(answer) ?? false;
  }

  #state() {
    const subject = this.#subject();
    if (this.#failedSubject === subject)
      return this.#shownSubject === null ? "refused" : "outdated";
    if (this.#shownSubject === null) return "loading";
    if (this.#shownSubject !== subject || this.#options.isStale?.()) return "outdated";
    return this.#isEmpty ? "empty" : "shown";
  }

  /** The current query, and the network that it is about. */
  #subject() {
    const { net } = this.#connection.store.page;
    return JSON.stringify([net?.session, net?.version, this.#options.params()]);
  }
}

/**
 * @param {State} net
 * @param {object | null} params
 */
function queryKey({ session, version, steps }, params) {
  return JSON.stringify([session, version, steps, params]);
}
