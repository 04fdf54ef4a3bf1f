/**
 * The page's own connection, to a server that says what the test tells it to. Only the socket and
 * `fetch` are in place of the real ones: what is made of an answer, and where it is shown, is the
 * page's own code.
 */

/** @import { Answers, ClientEvents, ErrorResult, ServerEvents, State } from "../../../static/js/protocol" */

import { Connection } from "../../../static/js/net/connection.js";
import { Store } from "../../../static/js/state/store.js";
import { state } from "./state.js";
import { define } from "./stubs.js";

/** @typedef {"GET /" | "GET /api/model.json" | "PUT /api/model.json" | `GET /api/texts/${string}`} HttpEvent */
/** @typedef {keyof ClientEvents | HttpEvent} AskedEvent */
/**
 * @template {AskedEvent} E
 * @typedef {E extends keyof Answers ? Answers[E] | ErrorResult : Response | object} AnswerTo
 */
/**
 * An answer, what makes one of the payload, or an Error: then no answer ever comes.
 *
 * @template {AskedEvent} E
 * @typedef {AnswerTo<E> | Error | ((payload: any) => AnswerTo<E> | Promise<AnswerTo<E>>)} Script
 */
/** @typedef {{event: AskedEvent, payload: any, answer: (answer: any) => void}} Asked what the page has asked */

export class ScriptedConnection extends Connection {
  /** @type {Asked[]} all that the page has asked, oldest first */
  asked = [];
  /** Acknowledgements of states and frames. */
  acknowledged = 0;

  #socket;
  /** @type {Map<AskedEvent, Script<any>[]>} */
  #scripts = new Map();

  constructor() {
    const socket = new ScriptedSocket((event, payload) => this.#ask(event, payload));
    super(new Store(), socket);
    this.#socket = socket;
    this.answers("GET /", () => new Response("", { status: 200 }));
    define("fetch", (/** @type {string} */ address, /** @type {RequestInit} */ request) =>
      this.#fetch(address, request),
    );
  }

  /**
   * How an event is answered from now on: by one script after the other, the last one again and
   * again. An event without a script is open until the test calls the `answer` of what was asked.
   *
   * @template {AskedEvent} E
   * @param {E} event
   * @param {Script<E>[]} scripts
   */
  answers(event, ...scripts) {
    this.#scripts.set(event, scripts);
  }

  /**
   * What the page has sent with an event, oldest first.
   *
   * @param {AskedEvent} event
   * @returns {any[]}
   */
  sent(event) {
    return this.asked.filter((asked) => asked.event === event).map(({ payload }) => payload);
  }

  /**
   * Answer what was asked last with an event that has no script.
   *
   * @template {AskedEvent} E
   * @param {E} event
   * @param {AnswerTo<E> | Error} answer
   */
  answer(event, answer) {
    const asked = this.asked.findLast((each) => each.event === event);
    if (!asked) throw new Error(`${event} was not asked`);
    asked.answer(answer);
  }

  /**
   * The server lets the page in, and says what it has.
   *
   * @param {Partial<State>} [changes]
   */
  begin(changes = {}) {
    this.open();
    this.tell("state", state(changes));
  }

  /**
   * The server sends something.
   *
   * @template {keyof ServerEvents} E
   * @param {E} event
   * @param {Parameters<ServerEvents[E]>[0]} data
   */
  tell(event, data) {
    this.#socket.emit(event, data, () => this.acknowledged++);
  }

  /** The way to the server is interrupted; the library goes on trying by itself. */
  lose() {
    this.#socket.lose(true);
  }

  /** The server has closed the socket: the library leaves it closed. */
  close() {
    this.#socket.lose(false);
  }

  /**
   * What the server does with the next attempts to connect: null lets the page in.
   *
   * @param {{message: string, data?: {code: string, limit?: string}} | null} refusal
   */
  refuse(refusal) {
    this.#socket.refusal = refusal;
  }

  /** The library has tried to come back, and could not. */
  failToReconnect() {
    this.#socket.io.emit("reconnect_error");
  }

  /** How often the page has tried to connect. */
  get attempts() {
    return this.#socket.attempts;
  }

  /**
   * @param {AskedEvent} event
   * @param {unknown} payload
   * @returns {Promise<any>}
   */
  async #ask(event, payload) {
    const scripts = this.#scripts.get(event);
    const script = scripts && scripts.length > 1 ? scripts.shift() : scripts?.[0];
    const answer = await new Promise((resolve) => {
      this.asked.push({ event, payload, answer: resolve });
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
    return responseOf(await this.#ask(event, payload));
  }
}

class Emitter {
  /** @type {Map<string, (...data: any[]) => void>} */
  #takers = new Map();

  /**
   * @param {string} event
   * @param {(...data: any[]) => void} take
   */
  on(event, take) {
    this.#takers.set(event, take);
  }

  /**
   * @param {string} event
   * @param {unknown[]} data
   */
  emit(event, ...data) {
    this.#takers.get(event)?.(...data);
  }
}

class ScriptedSocket extends Emitter {
  connected = false;
  active = true;
  attempts = 0;
  io = new Emitter();
  /** @type {{message: string, data?: object} | null} */
  refusal = null;

  /** @param {(event: AskedEvent, payload: unknown) => Promise<any>} ask */
  constructor(ask) {
    super();
    this.ask = ask;
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
        this.ask(/** @type {AskedEvent} */ (event), payload),
    };
  }
}

/**
 * An answer as it comes by HTTP.
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
