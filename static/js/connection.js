/** The way to the server: its events flow into the store, and the panels' wishes go out. */

/** @import { ClientEvents, Done, Refused, Saved, State, Frame, Notice } from "./protocol" */
/** @import { Store } from "./store.js" */

import { io } from "../vendor/socket.io.esm.min.js";

/** Longer than the server keeps anyone waiting. */
const PATIENCE_MS = 70_000;
/** A refused socket asks for a new cookie and tries again after this. */
const RETRY_MS = 1_500;
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

export class Connection {
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
    });
    socket.on("disconnect", () => {
      store.setLink("lost");
      if (!socket.active) this.#comeBack(); // the server closed it: the library would leave it so
    });
    socket.on("connect_error", () => {
      store.setLink("lost");
      if (!socket.active) this.#comeBack();
    });
    socket.on("state", (/** @type {State} */ state, /** @type {() => void} */ acknowledge) => {
      store.replace(state);
      onceDrawn(acknowledge);
    });
    socket.on("frame", (/** @type {Frame} */ frame, /** @type {() => void} */ acknowledge) => {
      store.merge(frame);
      onceDrawn(acknowledge);
    });
    socket.on("notice", (/** @type {Notice} */ notice) => store.notify(notice));
  }

  /** Begin, once the panels are there to show what comes. */
  open() {
    this.#socket.connect();
  }

  /**
   * Ask for something. What is wrong with a field is shown at its place, if it has one of
   * `places`, anything else that went wrong as a notice.
   *
   * @template {keyof ClientEvents} E
   * @param {E} event
   * @param {Parameters<ClientEvents[E]>[0]} payload
   * @param {Readonly<Record<string, string>>} [places]
   * @returns {Promise<E extends "save" ? Saved | Refused : Done | Refused>}
   */
  async ask(event, payload, places = {}) {
    const answer = await this.#send(event, payload);
    this.store.blame(places, answer.ok ? null : answer);
    return answer;
  }

  /**
   * Give the server a model as a file.
   *
   * @param {Blob} file
   * @returns {Promise<Done | Refused>}
   */
  async upload(file) {
    /** @type {Done | Refused} */
    let answer;
    try {
      const response = await fetch("/api/model.json", { method: "PUT", body: file });
      answer = await response.json();
    } catch {
      answer = this.#socket.connected ? NO_ANSWER : NOT_CONNECTED;
    }
    this.store.blame({ json: "json" }, answer.ok ? null : answer);
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

  /** Where the server does not know this browser, opening the page again makes it known. */
  #comeBack() {
    setTimeout(async () => {
      await fetch("/", { cache: "no-store" }).catch(() => {});
      this.#socket.connect();
    }, RETRY_MS);
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
