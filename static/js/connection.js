/** The way to the server: its events flow into the store, and the panels' wishes go out. */

/** @import { Answers, BroughtText, ClientEvents, Done, Refused, Saved, State, Frame, Notice, Closing } from "./protocol" */
/** @import { Store } from "./store.js" */

/** @typedef {"complete" | "gradient_check" | "shares" | import("./watching.js").LookEvent} Inquiry */

import { io } from "../vendor/socket.io.esm.min.js";
import { NoAnswer } from "./http.js";
import { fetchModel, giveModel } from "./models.js";
import { fetchText } from "./texts.js";

/** Longer than the server keeps anyone waiting. */
const PATIENCE_MS = 70_000;
/** A refused socket asks for a new cookie and tries again after this. */
const RETRY_MS = 1_500;
/** Where a limit is reached, it waits for others to leave. */
const RETRY_WHEN_FULL_MS = 10_000;
/** A hidden tab draws nothing; this is how long it puts off the next frame. */
const UNDRAWN_MS = 500;

/** @type {Refused} */
const NOT_CONNECTED = {
  ok: false,
  error: "The connection to the server is lost, so nothing was changed. It comes back by itself.",
  field: null,
};
/** @type {Refused} */
const NO_ANSWER = {
  ok: false,
  error: "The server has not answered. Please try again.",
  field: null,
};

/** @type {Notice} */
const NEEDS_TOKEN = {
  level: "error",
  message: "The server asks for its access token now. Reload this page to enter it.",
};

export class Connection {
  /** @type {string | null} why the server has not let this page in */
  #refusal = null;
  #socket = io({
    autoConnect: false,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 300,
    reconnectionDelayMax: 2_000,
  });

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    const socket = this.#socket;
    socket.on("connect", () => {
      store.setLink("open");
      store.retract(NOT_CONNECTED.error);
      store.retract(NEEDS_TOKEN.message);
      this.#showRefusal(null);
    });
    socket.on("disconnect", () => {
      store.setLink("lost");
      if (!socket.active) this.#comeBack(RETRY_MS); // the server closed it: the library would leave it so
    });
    socket.on("connect_error", (error) => {
      store.setLink("lost");
      if (socket.active) return; // the server cannot be reached: the library goes on trying
      const { data } = /** @type {{data?: {limit?: string}}} */ (error);
      this.#showRefusal(data ? error.message : this.#refusal);
      this.#comeBack(data?.limit ? RETRY_WHEN_FULL_MS : RETRY_MS);
    });
    socket.io.on("reconnect_error", () => this.#lookForDoor());
    socket.on("state", (/** @type {State} */ state, /** @type {() => void} */ acknowledge) => {
      store.replace(state);
      onceDrawn(acknowledge);
    });
    socket.on("frame", (/** @type {Frame} */ frame, /** @type {() => void} */ acknowledge) => {
      store.merge(frame);
      onceDrawn(acknowledge);
    });
    socket.on("notice", (/** @type {Notice} */ notice) => store.notify(notice));
    socket.on("closing", (/** @type {Closing} */ { message }) => this.#showRefusal(message));
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
   * @returns {Promise<Answers[E] | Refused>}
   */
  async ask(event, payload, places = {}) {
    const answer = await this.#send(event, payload);
    this.store.blame(places, answer.ok ? null : answer);
    return answer;
  }

  /**
   * What the server answers to a question about the network. Where the person has gone on to ask
   * something else, they do not want to know what was wrong: showing that is left to the caller.
   *
   * @template {Inquiry} E
   * @param {E} event
   * @param {Parameters<ClientEvents[E]>[0]} question
   * @returns {Promise<Answers[E] | Refused>}
   */
  async answerTo(event, question) {
    return this.#send(event, question);
  }

  /**
   * The model as JSON, if it is not too large to be shown.
   *
   * @returns {Promise<Saved | Refused>}
   */
  async saveModel() {
    return this.#byHttp("json", fetchModel);
  }

  /**
   * Go on with a model.
   *
   * @param {Blob} model
   * @returns {Promise<Done | Refused>}
   */
  async loadModel(model) {
    return this.#byHttp("json", () => giveModel(model));
  }

  /**
   * A text that charnn brings along.
   *
   * @param {string} name
   * @returns {Promise<BroughtText | Refused>}
   */
  async text(name) {
    return this.#byHttp("text", () => fetchText(name));
  }

  /**
   * @template {{ok: true}} T
   * @param {string} place where a fault is shown
   * @param {() => Promise<T | Refused>} ask
   * @returns {Promise<T | Refused>}
   */
  async #byHttp(place, ask) {
    /** @type {T | Refused} */
    let answer;
    try {
      answer = await ask();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      answer = this.#socket.connected ? NO_ANSWER : NOT_CONNECTED;
    }
    this.store.blame({ [place]: place }, answer.ok ? null : answer);
    return answer;
  }

  /**
   * @param {string} event
   * @param {object} payload
   */
  async #send(event, payload) {
    // The library would keep it and send it later, when it is no longer what the person wants.
    if (!this.#socket.connected) return NOT_CONNECTED;
    try {
      return await this.#socket.timeout(PATIENCE_MS).emitWithAck(event, payload);
    } catch {
      return this.#socket.connected ? NO_ANSWER : NOT_CONNECTED;
    }
  }

  /**
   * Where the server does not know this browser, opening the page again makes it known.
   *
   * @param {number} delay
   */
  #comeBack(delay) {
    setTimeout(async () => {
      await this.#lookForDoor();
      this.#socket.connect();
    }, delay);
  }

  /** Ask for the page anew, as a reload would; a server that was given a token shows a form instead. */
  async #lookForDoor() {
    const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) this.store.notify(NEEDS_TOKEN);
  }

  /** @param {string | null} message why the server does not let this page in; null once it does */
  #showRefusal(message) {
    if (message === this.#refusal) return;
    if (this.#refusal !== null) this.store.retract(this.#refusal);
    if (message !== null) this.store.notify({ level: "warning", message });
    this.#refusal = message;
  }
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
