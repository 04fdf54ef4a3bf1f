/** A page under test, with the actions of a user and queries for its state. */

/** @import { TestContext } from "node:test" */
/** @import { Connection } from "../../../static/js/net/connection.js" */
/** @import { Variant } from "./dom.js" */
/** @import { Size } from "./stubs.js" */

import { openWindow } from "./dom.js"; // first: the page's modules need a window
import { ScriptedConnection } from "./connection.js";
import { NOW } from "./state.js";
import { drawn, reset, setMedia, setInView, setSize } from "./stubs.js";

/** @typedef {{mount: (element: HTMLElement, connection: Connection) => void}} Panel */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} TextEntry */

/** Shorter than every timeout of the page, so that timers and answers run in order. */
const TICK_MS = 10;

/**
 * A page without mounted panels, and a clock that the test advances.
 *
 * @param {TestContext} t
 * @param {{variant?: Variant, only?: string, remembered?: Record<string, string>}} [options] `only`:
 *   a selector of the elements to open, which is faster; `remembered`: items of localStorage
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
  connection = new ScriptedConnection();
  store = this.connection.store;
  /** Every call on a canvas context, as `[name, ...arguments]`. */
  drawn = drawn;

  #timers;

  /** @param {TestContext} t */
  constructor(t) {
    this.#timers = t.mock.timers;
  }

  /**
   * Mount panels on an element of the page, as main.js does.
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
   * The first element that matches a selector.
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
   * The code of the error that an element shows; null if there is none.
   *
   * @param {string} selector
   */
  errorCode(selector) {
    return this.get(selector).dataset.code ?? null;
  }

  /**
   * The value of a field.
   *
   * @param {string} selector
   */
  value(selector) {
    return /** @type {TextEntry} */ (this.get(selector)).value;
  }

  /**
   * Click an element.
   *
   * @param {string} selector
   */
  async click(selector) {
    this.get(selector).click();
    await this.settle();
  }

  /**
   * Replace the value of a field.
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
   * Replace the value of a field and leave it, or select an option.
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
   * Choose files in a file input.
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
   * Press a key at an element. Returns whether the browser's default action would run.
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
   * Scroll to an element: it and its content are in view.
   *
   * @param {string} selector
   */
  async scrollTo(selector) {
    setInView(this.get(selector), true);
    await this.settle();
  }

  /**
   * Scroll away from an element.
   *
   * @param {string} selector
   */
  async scrollAwayFrom(selector) {
    setInView(this.get(selector), false);
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
   * Set whether a media query matches, such as `(prefers-color-scheme: dark)`.
   *
   * @param {string} query
   * @param {boolean} matches
   */
  media(query, matches) {
    setMedia(query, matches);
  }

  /**
   * Hide or show the tab.
   *
   * @param {boolean} hidden
   */
  async hide(hidden) {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    await this.settle();
  }

  /**
   * Advance the clock.
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

  /** Let promises settle without advancing the clock. */
  async settle() {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
