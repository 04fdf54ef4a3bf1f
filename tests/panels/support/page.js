/** What a test does with a page, and what it asks of it. */

/** @import { TestContext } from "node:test" */
/** @import { Connection } from "../../../static/js/net/connection.js" */
/** @import { Variant } from "./dom.js" */
/** @import { Size } from "./stubs.js" */

import { openWindow } from "./dom.js"; // the first of all: modules of the page want a window
import { ScriptedConnection } from "./connection.js";
import { NOW } from "./state.js";
import { drawn, reset, setMedia, setSight, setSize } from "./stubs.js";

/** @typedef {{mount: (element: HTMLElement, connection: Connection) => void}} Panel */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} TextEntry */

/** Short beside every time that the page waits, so that what follows on an answer is in order. */
const TICK_MS = 10;

/**
 * A page with nothing mounted on it, and a clock that stands still until the test moves it on.
 *
 * @param {TestContext} t
 * @param {{variant?: Variant, only?: string, remembered?: Record<string, string>}} [options] `only`:
 *   a selector of the parts that are wanted of the page, which opens sooner; `remembered`: what the
 *   browser remembers of an earlier visit
 */
export function openPage(t, { variant = "index", only, remembered = {} } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: NOW * 1000 });
  t.after(() => {
    reset();
    t.mock.timers.reset();
  });
  const window = openWindow(variant, only);
  for (const [key, value] of Object.entries(remembered)) window.localStorage.setItem(key, value);
  return new Page(t);
}

class Page {
  /** To a server that says what the test tells it to. */
  connection = new ScriptedConnection();
  store = this.connection.store;
  /** Every call on the context of a canvas, as `[name, ...arguments]`. */
  drawn = drawn;

  #timers;

  /** @param {TestContext} t */
  constructor(t) {
    this.#timers = t.mock.timers;
  }

  /**
   * Bring panels to life in an element of the page, as main.js does.
   *
   * @param {string} selector
   * @param {Panel[]} panels
   */
  mount(selector, ...panels) {
    const element = this.get(selector);
    for (const panel of panels) panel.mount(element, this.connection);
    return element;
  }

  /**
   * The first element that a selector names; it is an error where there is none.
   *
   * @param {string} selector
   * @returns {HTMLElement}
   */
  get(selector) {
    const element = document.querySelector(selector);
    if (!element) throw new Error(`the page has no ${selector}`);
    return /** @type {HTMLElement} */ (element);
  }

  /**
   * @param {string} selector
   * @returns {HTMLElement[]}
   */
  all(selector) {
    return [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector))];
  }

  /**
   * @param {string} selector
   * @returns {string} the state of a panel
   */
  state(selector) {
    return this.get(selector).dataset.state ?? "";
  }

  /**
   * The code of the fault that a place shows; null where it shows none.
   *
   * @param {string} selector
   */
  fault(selector) {
    return this.get(selector).dataset.code ?? null;
  }

  /**
   * What a field holds.
   *
   * @param {string} selector
   */
  value(selector) {
    return /** @type {TextEntry} */ (this.get(selector)).value;
  }

  /**
   * Press a button, and let follow what does so at once.
   *
   * @param {string} selector
   */
  async click(selector) {
    this.get(selector).click();
    await this.settle();
  }

  /**
   * Enter something into a field, in the place of what is there.
   *
   * @param {string} selector
   * @param {string} value
   */
  type(selector, value) {
    const entry = /** @type {TextEntry} */ (this.get(selector));
    entry.value = value;
    entry.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /**
   * Enter something and leave the field, or choose from a list.
   *
   * @param {string} selector
   * @param {string} value
   */
  async choose(selector, value) {
    this.type(selector, value);
    this.get(selector).dispatchEvent(new Event("change", { bubbles: true }));
    await this.settle();
  }

  /**
   * Choose files in a field for files.
   *
   * @param {string} selector
   * @param {File[]} files
   */
  async chooseFiles(selector, ...files) {
    const input = this.get(selector);
    Object.defineProperty(input, "files", { value: files, configurable: true });
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await this.settle();
  }

  /**
   * Drop files on an element.
   *
   * @param {string} selector
   * @param {File[]} files
   */
  async drop(selector, ...files) {
    const dataTransfer = { types: ["Files"], files };
    const event = new Event("drop", { bubbles: true, cancelable: true });
    this.get(selector).dispatchEvent(Object.assign(event, { dataTransfer }));
    await this.settle();
  }

  /**
   * Press a key at an element. Returns whether the browser would go on with it.
   *
   * @param {string} selector
   * @param {string} key
   * @param {KeyboardEventInit} [options]
   */
  press(selector, key, options = {}) {
    const event = new KeyboardEvent("keydown", {
      key,
      bubbles: true,
      cancelable: true,
      ...options,
    });
    return this.get(selector).dispatchEvent(event);
  }

  /**
   * Scroll to an element: it and what is in it is in sight.
   *
   * @param {string} selector
   */
  async see(selector) {
    setSight(this.get(selector), true);
    await this.settle();
  }

  /**
   * Scroll away from an element.
   *
   * @param {string} selector
   */
  async leave(selector) {
    setSight(this.get(selector), false);
    await this.settle();
  }

  /**
   * @param {string} selector
   * @param {Size} size
   */
  resize(selector, size) {
    setSize(this.get(selector), size);
  }

  /**
   * A preference of the person's, such as `(prefers-color-scheme: dark)`.
   *
   * @param {string} query
   * @param {boolean} matches
   */
  media(query, matches) {
    setMedia(query, matches);
  }

  /**
   * The tab is in front, or not.
   *
   * @param {boolean} hidden
   */
  async hide(hidden) {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    await this.settle();
  }

  /**
   * Let time pass.
   *
   * @param {number} milliseconds
   */
  async tick(milliseconds) {
    await this.settle();
    for (let left = milliseconds; left > 0; left -= TICK_MS) {
      this.#timers.tick(Math.min(left, TICK_MS));
      await this.settle();
    }
  }

  /** Let follow what does so without time passing: answers that have come are taken. */
  async settle() {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
