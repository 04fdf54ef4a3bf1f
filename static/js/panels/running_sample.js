/**
 * In the mode `text`, one long sample that is written as one watches. Each piece continues the end of the
 * text so far, with the weights of that moment.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { State } from "../protocol" */

import { errorFrom } from "../messages.js";
import { networkId } from "../state/network_id.js";
import { showError } from "../ui/field_error.js";
import { requireElement, watchVisibility } from "../ui/dom.js";

/** Characters after which it rests, and begins anew when the network has learned more. */
const LENGTH = 1_000;
/** Characters that "write on" goes to. */
const MAX_LENGTH = 5_000;
/** Characters of a piece, and of the text before it that the network reads. */
const PIECE = 100;
const CONTEXT = 200;
/** Fewer are of no use to a network that is too large for more. */
const MIN_CONTEXT = 5;
/** Between two pieces; longer if the server takes long, to leave it time for training. */
const PAUSE_MS = 500;
const PAUSE_FACTOR = 4;
/** How long a finished sample is shown. */
const REST_MS = 5_000;
/** Between two steps of writing on the page, and the share of what is new that each shows. */
const TYPE_MS = 40;
const TYPE_SHARE = 1 / 8;
/** Share of indented lines from which a text is shown in a typeface for source code. */
const MIN_INDENTED = 0.15;

/** @typedef {"writing" | "resting" | "stopped" | "refused"} WritingState */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const root = requireElement(element, "#running_sample", HTMLElement);
  const list = requireElement(element, "#samples", HTMLElement);
  const view = new RunningText(root);
  const writer = new Writer(connection, view, (state) => {
    root.dataset.state = state;
  });
  const { store } = connection;
  store.watch(
    ({ net }) => net?.options.mode === "text",
    (isText) => {
      root.hidden = !isText;
      list.hidden = isText;
      writer.isRunningText = isText;
    },
  );
  store.watch(
    ({ net }) => networkId(net),
    () => {
      const { net } = store.page;
      if (net) view.asCode = isCode(net.text.beginning);
      writer.beginAnew();
    },
  );
  watchVisibility(root, (isVisible) => {
    writer.isVisible = isVisible;
  });
  const on = (/** @type {string} */ selector, /** @type {() => void} */ act) =>
    requireElement(root, selector, HTMLButtonElement).addEventListener("click", act);
  on("#write_on", () => writer.writeOn());
  on("#write_stop", () => writer.stop());
  on("#write_anew", () => writer.beginAnew());
  setTimeout(() => writer.run(), PAUSE_MS);
}

/**
 * @param {string} text
 */
export function isCode(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  const indented = lines.filter((line) => /^[ \t]/.test(line));
  return indented.length > MIN_INDENTED * lines.length;
}

/** Asks for one piece after the other. */
class Writer {
  isRunningText = false;
  isVisible = false;

  #connection;
  #view;
  #setState;
  /** @type {string[]} the characters so far */
  #text = [];
  #length = LENGTH;
  #context = CONTEXT;
  #restsUntil = 0;
  #stepsAtEnd = 0;
  /** Counts samples: a piece of an earlier one is dropped. */
  #sample = 0;
  /** @type {WritingState} */
  #state = "writing";

  /**
   * @param {Connection} connection
   * @param {RunningText} view
   * @param {(state: WritingState) => void} setState
   */
  constructor(connection, view, setState) {
    this.#connection = connection;
    this.#view = view;
    this.#setState = setState;
    this.#enter("writing");
  }

  beginAnew() {
    this.#sample++;
    this.#text = [];
    this.#length = LENGTH;
    this.#view.clear();
    this.#enter("writing");
  }

  writeOn() {
    this.#length = MAX_LENGTH;
    this.#enter("writing");
  }

  stop() {
    this.#sample++;
    this.#enter("stopped");
  }

  /** Write a piece, if it is time to, and go on after a pause. */
  async run() {
    const began = Date.now();
    if (this.isRunningText && this.isVisible) await this.#step();
    const pause = Math.max(PAUSE_MS, PAUSE_FACTOR * (Date.now() - began));
    setTimeout(() => this.run(), pause);
  }

  async #step() {
    const { net } = this.#connection.store.page;
    if (!net || this.#state === "stopped") return;
    if (this.#state === "resting" && !this.#mayBeginAnew(net)) return;
    if (this.#state === "resting") this.beginAnew();
    if (this.#text.length === 0) this.#add([...(net.samples[0] ?? "")]);
    else if (this.#text.length < this.#length) await this.#continue(net);
    if (this.#text.length >= this.#length) this.#rest(net);
  }

  /** @param {State} net */
  async #continue(net) {
    const sample = this.#sample;
    const answer = await this.#connection.query("complete", {
      prime: this.#text.slice(-this.#context).join(""),
      method: "sample",
      temperature: net.temperature,
      count: 1,
      length: Math.min(PIECE, this.#length - this.#text.length),
    });
    if (sample !== this.#sample) return;
    if (answer.ok) return this.#add([...(answer.completions[0]?.text ?? "")]);
    if (answer.code === "prime_too_long_for_network" && this.#context > MIN_CONTEXT) {
      this.#context = Math.max(MIN_CONTEXT, Math.floor(this.#context / 2));
    } else if (answer.code !== "compiling") {
      this.#view.showError(answer);
      this.#enter("refused");
    }
  }

  /** @param {string[]} characters */
  #add(characters) {
    this.#view.showError(null);
    this.#text.push(...characters);
    this.#view.show(this.#text.join(""), this.#text.length);
    this.#enter("writing");
  }

  /** @param {State} net */
  #rest(net) {
    this.#restsUntil = Date.now() + REST_MS;
    this.#stepsAtEnd = net.steps;
    // One that was written on stays: somebody reads it.
    this.#enter(this.#length === MAX_LENGTH ? "stopped" : "resting");
  }

  /** @param {State} net */
  #mayBeginAnew({ steps }) {
    return Date.now() >= this.#restsUntil && steps !== this.#stepsAtEnd;
  }

  /** @param {WritingState} state */
  #enter(state) {
    this.#state = state;
    this.#setState(state);
  }
}

/** The text on the page, which appears character by character unless motion is to be reduced. */
class RunningText {
  #element;
  #size;
  #error;
  #text = "";
  #shown = 0;
  #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#element = requireElement(root, "#running_text", HTMLElement);
    this.#size = requireElement(root, "#running_size", HTMLElement);
    this.#error = requireElement(root, "#running_error", HTMLElement);
    setInterval(() => this.#type(), TYPE_MS);
  }

  /** @param {boolean} asCode */
  set asCode(asCode) {
    this.#element.classList.toggle("code", asCode);
  }

  clear() {
    this.#text = "";
    this.#shown = 0;
    this.#element.textContent = "";
    this.#size.textContent = "";
    this.showError(null);
  }

  /**
   * @param {string} text
   * @param {number} characters of it
   */
  show(text, characters) {
    this.#text = text;
    this.#size.textContent = `${characters.toLocaleString("en")} characters`;
  }

  /** @param {import("../protocol").ErrorResult | null} refused */
  showError(refused) {
    showError(this.#error, refused && errorFrom(refused));
  }

  #type() {
    const left = this.#text.length - this.#shown;
    if (left <= 0) return;
    const step = this.#reducedMotion.matches ? left : Math.ceil(left * TYPE_SHARE);
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    const followsEnd = scrollTop + clientHeight >= scrollHeight - 2;
    this.#shown += step;
    this.#element.textContent = this.#text.slice(0, this.#shown);
    if (followsEnd) this.#element.scrollTop = this.#element.scrollHeight;
  }
}
