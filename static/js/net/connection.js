/** The connection to the server: writes its events to the store, and sends the panels' requests. */

/** @import { Answers, BuiltInText, ClientEvents, OkResult, ErrorResult, SaveResult, State, Frame, Notice, Closing, TextFile } from "../protocol" */
/** @import { PageError } from "../messages.js" */
/** @import { Progress } from "./http.js" */
/** @import { Store } from "../state/store.js" */

/** @typedef {"complete" | "gradient_check" | "shares" | import("./live_query.js").QueryEvent} QueryEvent */

import { io } from "socket.io-client";
import {
  fetchModel,
  fetchSessionText,
  fetchSocketRefusal,
  fetchText,
  NoResponse,
  readTextFile,
  serverPath,
  uploadModel,
} from "./http.js";
import { fallBackToPolling, FIRST_TIMEOUT_MS, TRANSPORTS } from "./transports.js";
import { noticeOf, refusalOf } from "../messages.js";
import { sleep } from "../timing.js";

/** Longer than the server's own timeouts. */
const REQUEST_TIMEOUT_MS = 70_000;
/** After a refusal, the page gets a new cookie and reconnects. */
const RETRY_MS = 1_500;
/** After a refusal because the server is full. */
const RETRY_WHEN_FULL_MS = 10_000;
/** A hidden tab never paints: it acknowledges a frame after this time. */
const HIDDEN_TAB_ACK_MS = 500;

/**
 * The members used of Socket.IO's client.
 *
 * @typedef {object} Socket
 * @property {boolean} connected
 * @property {boolean} active whether the library reconnects automatically
 * @property {() => unknown} connect
 * @property {(event: string, take: (...data: any[]) => void) => unknown} on
 * @property {(milliseconds: number) => {emitWithAck: (event: string, payload: object) => Promise<any>}} timeout
 */

export class Connection {
  /** @type {PageError | null} why the server refuses the connection */
  #refusal = null;
  #needsText = false;
  /** @type {Promise<void> | null} */
  #textFetch = null;
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
      this.#showRefusal(null);
    });
    socket.on("disconnect", () => {
      store.setLink("lost");
      if (!socket.active) this.#reconnectLater(RETRY_MS); // closed by the server: the library does not reconnect
    });
    socket.on("connect_error", (error) => {
      if (store.page.link !== "refused") store.setLink("lost");
      if (socket.active) return void this.#explain(); // the library retries
      const { data, message } = /** @type {Error & {data?: {code: string, limit?: string}}} */ (
        error
      );
      // An unknown page needs a new cookie, which #reconnectLater gets: no notice.
      if (data && data.code !== "unknown_page") this.#refuse({ code: data.code, message });
      this.#reconnectLater(data?.limit ? RETRY_WHEN_FULL_MS : RETRY_MS);
    });
    socket.on("state", (/** @type {State} */ state, /** @type {() => void} */ acknowledge) => {
      store.replace(state);
      afterPaint(acknowledge);
      if (this.#needsText) void this.completeText();
    });
    socket.on("frame", (/** @type {Frame} */ frame, /** @type {() => void} */ acknowledge) => {
      store.merge(frame);
      afterPaint(acknowledge);
    });
    socket.on("notice", (/** @type {Notice} */ notice) => store.notify(notice));
    socket.on("closing", (/** @type {Closing} */ closing) => this.#showRefusal(closing));
  }

  /** Connect, once all panels are mounted. */
  open() {
    this.#socket.connect();
  }

  /**
   * Send a request. An error in a field of `errorFields` is shown at that field, others as a notice.
   *
   * @template {Exclude<keyof ClientEvents, QueryEvent>} E
   * @param {E} event
   * @param {Parameters<ClientEvents[E]>[0]} payload
   * @param {Readonly<Record<string, string>>} [errorFields]
   * @returns {Promise<Answers[E] | ErrorResult>}
   */
  async request(event, payload, errorFields = {}) {
    const answer = await this.#send(event, payload);
    this.store.setFieldErrors(errorFields, answer.ok ? null : answer);
    return answer;
  }

  /**
   * The server's answer to a query about the network. The caller shows errors: the answer to an
   * outdated query is dropped.
   *
   * @template {QueryEvent} E
   * @param {E} event
   * @param {Parameters<ClientEvents[E]>[0]} params
   * @returns {Promise<Answers[E] | ErrorResult>}
   */
  async query(event, params) {
    return this.#send(event, params);
  }

  /**
   * The model as JSON, unless it is too large to show.
   *
   * @returns {Promise<SaveResult | ErrorResult>}
   */
  async saveModel() {
    return this.#overHttp("json", fetchModel);
  }

  /**
   * Replace the network with a model.
   *
   * @param {Blob} model
   * @returns {Promise<OkResult | ErrorResult>}
   */
  async loadModel(model) {
    return this.#overHttp("json", () => uploadModel(model));
  }

  /**
   * Fetch the training text of the current network, and from now on that of every later one, unless
   * the page has it. Most visits do not need it. Resolves when it is here, or the connection is lost.
   */
  async completeText() {
    this.#needsText = true;
    const { store } = this;
    while (this.#socket.connected && store.page.net && store.page.text === null) {
      this.#textFetch ??= this.#fetchText().finally(() => {
        this.#textFetch = null;
      });
      await this.#textFetch;
    }
  }

  /**
   * A built-in text.
   *
   * @param {string} name
   * @returns {Promise<BuiltInText | ErrorResult>}
   */
  async text(name) {
    return this.#overHttp("text", () => fetchText(name));
  }

  /**
   * The text of a file, in any encoding and compression. A long one is stored by the server, which
   * answers with its beginning.
   *
   * @param {File} file
   * @param {{whole?: boolean, onProgress?: Progress}} [options] `whole`: answer with all of it
   * @returns {Promise<TextFile | ErrorResult>}
   */
  async readTextFile(file, { whole = false, onProgress = () => {} } = {}) {
    return this.#overHttp("text", () => readTextFile(file, whole, onProgress));
  }

  /**
   * Let the server store the text in the draft, which is too long for an event.
   *
   * @returns {Promise<ErrorResult | null>} why it refuses
   */
  async storeLongText() {
    const answer = await this.readTextFile(new File([this.store.page.draft.text], "text"));
    if (!answer.ok) return answer;
    if (answer.stored) this.store.useStored(answer.stored, answer.text);
    return null;
  }

  /**
   * @template {{ok: true}} T
   * @param {string} field that shows an error
   * @param {() => Promise<T | ErrorResult>} send
   * @returns {Promise<T | ErrorResult>}
   */
  async #overHttp(field, send) {
    /** @type {T | ErrorResult} */
    let answer;
    try {
      answer = await send();
    } catch (error) {
      if (!(error instanceof NoResponse)) throw error;
      answer = this.#noResponse();
    }
    this.store.setFieldErrors({ [field]: field }, answer.ok ? null : answer);
    return answer;
  }

  /**
   * @param {string} event
   * @param {object} payload
   */
  async #send(event, payload) {
    // The library would buffer the event and send it after reconnecting, when it is outdated.
    if (!this.#socket.connected) return this.#noResponse();
    try {
      return await this.#socket.timeout(REQUEST_TIMEOUT_MS).emitWithAck(event, payload);
    } catch {
      return this.#noResponse();
    }
  }

  async #fetchText() {
    const answer = await fetchSessionText().catch(() => null);
    if (answer?.ok) this.store.setText(answer.checksum, answer.text);
    if (this.store.page.text === null) await sleep(RETRY_MS);
  }

  /**
   * Reconnect with a new cookie: the server may not know this browser any longer.
   *
   * @param {number} delay
   */
  #reconnectLater(delay) {
    setTimeout(async () => {
      await fetch(serverPath("/"), { method: "HEAD", cache: "no-store" }).catch(() => null);
      this.#socket.connect();
    }, delay);
  }

  /** Show why the socket cannot be opened: a browser does not say. */
  async #explain() {
    const refusal = await fetchSocketRefusal();
    if (this.#socket.connected) return;
    if (refusal === null) this.store.setLink("lost");
    else if (refusal.code === "token_needed") this.#refuse(noticeOf("error", "needs_token"));
    else this.#refuse({ code: refusal.code, message: refusal.error });
  }

  /** @param {PageError} refusal of the connection */
  #refuse(refusal) {
    this.store.setLink("refused");
    this.#showRefusal(refusal);
  }

  /** @returns {ErrorResult} */
  #noResponse() {
    return refusalOf(this.#socket.connected ? "no_answer" : "not_connected", null);
  }

  /**
   * Show a refusal once while it stays the same: a dismissed notice does not return.
   *
   * @param {PageError | null} refusal null once the page is connected
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
  const socket = io({
    path: serverPath("/socket.io/"),
    autoConnect: false,
    transports: TRANSPORTS,
    tryAllTransports: true,
    timeout: FIRST_TIMEOUT_MS,
    reconnectionDelay: 300,
    reconnectionDelayMax: 2_000,
  });
  fallBackToPolling(socket.io);
  return socket;
}

/**
 * Call back when the browser has painted, or after a timeout in a hidden tab.
 *
 * @param {() => void} callback
 */
function afterPaint(callback) {
  let called = false;
  const once = () => {
    if (called) return;
    called = true;
    callback();
  };
  requestAnimationFrame(once);
  setTimeout(once, HIDDEN_TAB_ACK_MS);
}
