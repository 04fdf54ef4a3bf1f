/** The way to the server: its events flow into the store, and the panels' wishes go out. */

/** @import { Answers, BuiltInText, ClientEvents, OkResult, ErrorResult, SaveResult, State, Frame, Notice, Closing } from "../protocol" */
/** @import { Fault } from "../messages.js" */
/** @import { Store } from "../state/store.js" */

/** @typedef {"complete" | "gradient_check" | "shares" | import("./live_query.js").QueryEvent} Inquiry */

import { io } from "../../vendor/socket.io.esm.min.js";
import { fetchModel, fetchText, giveModel, NoAnswer } from "./http.js";
import { noticeOf, refusalOf } from "../messages.js";

/** Longer than the server keeps anyone waiting. */
const PATIENCE_MS = 70_000;
/** A refused socket asks for a new cookie and tries again after this. */
const RETRY_MS = 1_500;
/** Where a limit is reached, it waits for others to leave. */
const RETRY_WHEN_FULL_MS = 10_000;
/** A hidden tab draws nothing; this is how long it puts off the next frame. */
const UNDRAWN_MS = 500;

/**
 * What is used of Socket.IO's client.
 *
 * @typedef {object} Socket
 * @property {boolean} connected
 * @property {boolean} active whether it goes on trying by itself
 * @property {() => unknown} connect
 * @property {(event: string, take: (...data: any[]) => void) => unknown} on
 * @property {(milliseconds: number) => {emitWithAck: (event: string, payload: object) => Promise<any>}} timeout
 * @property {{on: (event: "reconnect_error", take: () => void) => unknown}} io
 */

export class Connection {
  /** @type {Fault | null} why the server has not let this page in */
  #refusal = null;
  #socket;

  /**
   * @param {Store} store
   * @param {Socket} [socket]
   */
  constructor(store, socket = newSocket()) {
    this.store = store;
    this.#socket = socket;
    socket.on("connect", () => {
      store.setLink("open");
      store.removeNotice("not_connected");
      store.removeNotice("needs_token");
      this.#showRefusal(null);
    });
    socket.on("disconnect", () => {
      store.setLink("lost");
      if (!socket.active) this.#reconnectLater(RETRY_MS); // the server closed it: the library would leave it so
    });
    socket.on("connect_error", (error) => {
      store.setLink("lost");
      if (socket.active) return; // the server cannot be reached: the library goes on trying
      const { data, message } = /** @type {Error & {data?: {code: string, limit?: string}}} */ (
        error
      );
      // Opening the page again makes an unknown one known: that is not worth a notice.
      if (data && data.code !== "unknown_page") this.#showRefusal({ code: data.code, message });
      this.#reconnectLater(data?.limit ? RETRY_WHEN_FULL_MS : RETRY_MS);
    });
    socket.io.on("reconnect_error", () => this.#checkAuth());
    socket.on("state", (/** @type {State} */ state, /** @type {() => void} */ acknowledge) => {
      store.replace(state);
      onceDrawn(acknowledge);
    });
    socket.on("frame", (/** @type {Frame} */ frame, /** @type {() => void} */ acknowledge) => {
      store.merge(frame);
      onceDrawn(acknowledge);
    });
    socket.on("notice", (/** @type {Notice} */ notice) => store.notify(notice));
    socket.on("closing", (/** @type {Closing} */ closing) => this.#showRefusal(closing));
  }

  /** Begin, once the panels are there to show what comes. */
  open() {
    this.#socket.connect();
  }

  /**
   * Ask for something. What is wrong with a field is shown at its place, if it has one of
   * `places`, anything else that went wrong as a notice.
   *
   * @template {Exclude<keyof ClientEvents, Inquiry>} E
   * @param {E} event
   * @param {Parameters<ClientEvents[E]>[0]} payload
   * @param {Readonly<Record<string, string>>} [places]
   * @returns {Promise<Answers[E] | ErrorResult>}
   */
  async request(event, payload, places = {}) {
    const answer = await this.#send(event, payload);
    this.store.setFieldErrors(places, answer.ok ? null : answer);
    return answer;
  }

  /**
   * What the server answers to a question about the network. Where the person has gone on to ask
   * something else, they do not want to know what was wrong: showing that is left to the caller.
   *
   * @template {Inquiry} E
   * @param {E} event
   * @param {Parameters<ClientEvents[E]>[0]} question
   * @returns {Promise<Answers[E] | ErrorResult>}
   */
  async query(event, question) {
    return this.#send(event, question);
  }

  /**
   * The model as JSON, if it is not too large to be shown.
   *
   * @returns {Promise<SaveResult | ErrorResult>}
   */
  async saveModel() {
    return this.#byHttp("json", fetchModel);
  }

  /**
   * Go on with a model.
   *
   * @param {Blob} model
   * @returns {Promise<OkResult | ErrorResult>}
   */
  async loadModel(model) {
    return this.#byHttp("json", () => giveModel(model));
  }

  /**
   * A text that charnn brings along.
   *
   * @param {string} name
   * @returns {Promise<BuiltInText | ErrorResult>}
   */
  async text(name) {
    return this.#byHttp("text", () => fetchText(name));
  }

  /**
   * @template {{ok: true}} T
   * @param {string} place where a fault is shown
   * @param {() => Promise<T | ErrorResult>} ask
   * @returns {Promise<T | ErrorResult>}
   */
  async #byHttp(place, ask) {
    /** @type {T | ErrorResult} */
    let answer;
    try {
      answer = await ask();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      answer = this.#noAnswer();
    }
    this.store.setFieldErrors({ [place]: place }, answer.ok ? null : answer);
    return answer;
  }

  /**
   * @param {string} event
   * @param {object} payload
   */
  async #send(event, payload) {
    // The library would keep it and send it later, when it is no longer what the person wants.
    if (!this.#socket.connected) return this.#noAnswer();
    try {
      return await this.#socket.timeout(PATIENCE_MS).emitWithAck(event, payload);
    } catch {
      return this.#noAnswer();
    }
  }

  /**
   * Where the server does not know this browser, opening the page again makes it known.
   *
   * @param {number} delay
   */
  #reconnectLater(delay) {
    setTimeout(async () => {
      await this.#checkAuth();
      this.#socket.connect();
    }, delay);
  }

  /** Ask for the page anew, as a reload would; a server that was given a token shows a form instead. */
  async #checkAuth() {
    const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) this.store.notify(noticeOf("error", "needs_token"));
  }

  /** @returns {ErrorResult} */
  #noAnswer() {
    return refusalOf(this.#socket.connected ? "no_answer" : "not_connected", null);
  }

  /**
   * Shown once for as long as it is the same: a dismissed notice was read.
   *
   * @param {Fault | null} refusal why the server does not let this page in; null once it does
   */
  #showRefusal(refusal) {
    if (refusal?.message === this.#refusal?.message) return;
    if (this.#refusal) this.store.removeNotice(this.#refusal.code);
    if (refusal) this.store.notify({ level: "warning", ...refusal });
    this.#refusal = refusal;
  }
}

/** @returns {Socket} */
function newSocket() {
  return io({
    autoConnect: false,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 300,
    reconnectionDelayMax: 2_000,
  });
}

/**
 * Call back when the browser has drawn, or after a while where it draws nothing.
 *
 * @param {() => void} callback
 */
function onceDrawn(callback) {
  let called = false;
  const once = () => {
    if (called) return;
    called = true;
    callback();
  };
  requestAnimationFrame(once);
  setTimeout(once, UNDRAWN_MS);
}
