/** The page's connection to a scripted server. Only the socket and `fetch` are replaced. */

/** @import { Answers, ClientEvents, ErrorResult, ServerEvents } from "../../../static/js/protocol" */

import { Connection } from "../../../static/js/net/connection.js";
import { Store } from "../../../static/js/state/store.js";
import { state } from "./state.js";
import { define } from "./stubs.js";

/** @import { StateChanges } from "./state.js" */

/** @typedef {`${"GET" | "HEAD" | "POST" | "PUT"} /${string}`} HttpEvent */
/** @typedef {keyof ClientEvents | HttpEvent} RequestEvent */
/**
 * @template {RequestEvent} E
 * @typedef {E extends keyof Answers ? Answers[E] | ErrorResult : Response | object} AnswerTo
 */
/**
 * An answer, a function from the payload to an answer, or an Error if none arrives.
 *
 * @template {RequestEvent} E
 * @typedef {AnswerTo<E> | Error | ((payload: any) => AnswerTo<E> | Promise<AnswerTo<E>>)} Script
 */
/** @typedef {{event: RequestEvent, payload: any, answer: (answer: any) => void}} SentRequest */

/** The request that asks why a socket cannot be opened. */
export const SOCKET_REQUEST = "POST /socket.io/?EIO=4&transport=polling&sid=none";

export class ScriptedConnection extends Connection {
  /** @type {SentRequest[]} oldest first */
  requests = [];
  /** The number of states and frames acknowledged. */
  acknowledged = 0;

  #socket;
  /** @type {Map<RequestEvent, Script<any>[]>} */
  #scripts = new Map();

  constructor() {
    const socket = new ScriptedSocket((event, payload) => this.#request(event, payload));
    super(new Store(), socket);
    this.#socket = socket;
    this.answers("HEAD /", () => new Response("", { status: 200 }));
    this.answers(SOCKET_REQUEST, { ok: false, code: "no_socket", error: "No." });
    define("fetch", (/** @type {string} */ address, /** @type {RequestInit} */ request) =>
      this.#fetch(address, request),
    );
    define(
      "XMLHttpRequest",
      uploadsWith((address, request) => this.#fetch(address, request)),
    );
  }

  /**
   * Set the scripts that answer an event in turn; the last one repeats. A request without a script
   * is pending until the test calls `answer`.
   *
   * @template {RequestEvent} E
   * @param {E} event
   * @param {Script<E>[]} scripts
   */
  answers(event, ...scripts) {
    this.#scripts.set(event, scripts);
  }

  /**
   * The payloads sent with an event, oldest first.
   *
   * @param {RequestEvent} event
   * @returns {any[]}
   */
  sent(event) {
    return this.requests
      .filter((requests) => requests.event === event)
      .map(({ payload }) => payload);
  }

  /**
   * Answer the latest request of an event without a script.
   *
   * @template {RequestEvent} E
   * @param {E} event
   * @param {AnswerTo<E> | Error} answer
   */
  answer(event, answer) {
    const requests = this.requests.findLast((each) => each.event === event);
    if (!requests) throw new Error(`${event} was not sent`);
    requests.answer(answer);
  }

  /**
   * Connect, and send the first state.
   *
   * @param {StateChanges} [changes]
   */
  begin(changes = {}) {
    this.open();
    this.emit("state", state(changes));
  }

  /**
   * Send an event from the server.
   *
   * @template {keyof ServerEvents} E
   * @param {E} event
   * @param {Parameters<ServerEvents[E]>[0]} data
   */
  emit(event, data) {
    this.#socket.emit(event, data, () => this.acknowledged++);
  }

  /** Interrupt the connection; the library reconnects by itself. */
  lose() {
    this.#socket.lose(true);
  }

  /** Close the socket from the server; the library does not reconnect. */
  close() {
    this.#socket.lose(false);
  }

  /**
   * Set the refusal of further attempts to connect; null accepts them.
   *
   * @param {{message: string, data?: {code: string, limit?: string}} | null} refusal
   */
  refuse(refusal) {
    this.#socket.refusal = refusal;
  }

  /** Let an attempt of the library to reconnect fail, before the server's application answers. */
  failToReconnect() {
    this.#socket.emit("connect_error", new Error("websocket error"));
  }

  /** The number of attempts to connect. */
  get attempts() {
    return this.#socket.attempts;
  }

  /**
   * @param {RequestEvent} event
   * @param {unknown} payload
   * @returns {Promise<any>}
   */
  async #request(event, payload) {
    const scripts = this.#scripts.get(event);
    const script = scripts && scripts.length > 1 ? scripts.shift() : scripts?.[0];
    const answer = await new Promise((resolve) => {
      this.requests.push({ event, payload, answer: resolve });
      if (script !== undefined) resolve(typeof script === "function" ? script(payload) : script);
    });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /**
   * @param {string} address
   * @param {RequestInit} [request]
   */
  async #fetch(address, { method = "GET", body } = {}) {
    const event = /** @type {HttpEvent} */ (`${method} ${address}`);
    const payload = body instanceof Blob ? await body.text() : body;
    return responseOf(await this.#request(event, payload));
  }
}

/**
 * A class for uploads, each of which reports that half and then all of it is sent.
 *
 * @param {(address: string, request: RequestInit) => Promise<Response>} fetch
 */
function uploadsWith(fetch) {
  return class {
    upload = new EventTarget();
    response = "";
    status = 0;

    #target = new EventTarget();
    #method = "";
    #address = "";

    /**
     * @param {string} method
     * @param {string} address
     */
    open(method, address) {
      this.#method = method;
      this.#address = address;
    }

    /**
     * @param {string} type
     * @param {EventListener} listener
     */
    addEventListener(type, listener) {
      this.#target.addEventListener(type, listener);
    }

    /** @param {Blob} body */
    async send(body) {
      for (const loaded of [1, 2]) {
        this.upload.dispatchEvent(Object.assign(new Event("progress"), { loaded, total: 2 }));
      }
      try {
        const answer = await fetch(this.#address, { method: this.#method, body });
        this.response = await answer.text();
        this.status = answer.status;
        this.#target.dispatchEvent(new Event("load"));
      } catch {
        this.#target.dispatchEvent(new Event("error"));
      }
    }
  };
}

class Emitter {
  /** @type {Map<string, (...data: any[]) => void>} */
  #listeners = new Map();

  /**
   * @param {string} event
   * @param {(...data: any[]) => void} listener
   */
  on(event, listener) {
    this.#listeners.set(event, listener);
  }

  /**
   * @param {string} event
   * @param {unknown[]} data
   */
  emit(event, ...data) {
    this.#listeners.get(event)?.(...data);
  }
}

class ScriptedSocket extends Emitter {
  connected = false;
  active = true;
  attempts = 0;
  /** @type {{message: string, data?: object} | null} */
  refusal = null;

  /** @param {(event: RequestEvent, payload: unknown) => Promise<any>} send */
  constructor(send) {
    super();
    this.send = send;
  }

  connect() {
    this.attempts++;
    this.active = this.refusal === null;
    this.connected = this.active;
    if (this.refusal) this.emit("connect_error", Object.assign(new Error(), this.refusal));
    else this.emit("connect");
  }

  /** @param {boolean} active */
  lose(active) {
    this.connected = false;
    this.active = active;
    this.emit("disconnect");
  }

  timeout() {
    return {
      emitWithAck: (/** @type {string} */ event, /** @type {object} */ payload) =>
        this.send(/** @type {RequestEvent} */ (event), payload),
    };
  }
}

/**
 * The HTTP response for an answer.
 *
 * @param {any} answer
 */
function responseOf(answer) {
  if (answer instanceof Response) return answer;
  if (answer.ok && typeof answer.json === "string") {
    const headers = { "Content-Length": String(answer.json.length) };
    return new Response(answer.json, { headers });
  }
  return Response.json(answer, { status: answer.ok ? 200 : 400 });
}
