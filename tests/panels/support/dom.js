/** The page as Flask renders it, in a new window for every test. */

import { JSDOM } from "jsdom";
import { readRendered } from "./rendered.js";
import { define, installIn, installOnce } from "./stubs.js";

/** @typedef {"index" | "shared" | "shared_first_visit" | "blank"} Variant `shared`: after following a link to a copy; `blank`: without panels */

/** Properties of the window that the page's modules use as globals. */
const GLOBALS =
  /^(HTML\w*Element|SVG\w*|\w*Event|EventTarget|Node\w*|Element|Document\w*|Text|Range|Option|Image|DOMParser|DOMRect\w*|MutationObserver|document|location|history|localStorage|sessionStorage|navigator|getComputedStyle|devicePixelRatio)$/;

/** @type {Map<string, string>} by variant and selector */
const pages = new Map([["blank", "<!doctype html>"]]);
/** @type {Map<Variant, Document>} the full pages */
const documents = new Map();

installOnce();
openWindow("blank"); // libraries use it when they are imported

/**
 * Open a new window and make its properties global.
 *
 * @param {Variant} variant
 * @param {string} [only] a selector: only these elements, which opens faster
 */
export function openWindow(variant, only) {
  const { window } = new JSDOM(only ? partsOf(variant, only) : html(variant), {
    url: "http://localhost/",
    pretendToBeVisual: true, // otherwise the tab is hidden
  });
  installIn(window);
  for (const name of Object.getOwnPropertyNames(window)) {
    if (GLOBALS.test(name)) define(name, Reflect.get(window, name));
  }
  for (const name of /** @type {const} */ ([
    "addEventListener",
    "removeEventListener",
    "dispatchEvent",
  ])) {
    define(name, window[name].bind(window));
  }
  define("window", window);
  return window;
}

/**
 * @param {Variant} variant
 * @param {string} selector
 */
function partsOf(variant, selector) {
  const key = `${variant} ${selector}`;
  const page = pages.get(key) ?? extract(variant, selector);
  pages.set(key, page);
  return page;
}

/**
 * @param {Variant} variant
 * @param {string} selector
 */
function extract(variant, selector) {
  const document = documents.get(variant) ?? new JSDOM(html(variant)).window.document;
  documents.set(variant, document);
  const parts = [...document.querySelectorAll(selector)];
  if (parts.length === 0) throw new Error(`the page has no ${selector}`);
  return ["<!doctype html>", ...parts.map(({ outerHTML }) => outerHTML)].join("");
}

/** @param {Variant} variant */
function html(variant) {
  const page = pages.get(variant) ?? readRendered(`${variant}.html`);
  pages.set(variant, page);
  return page;
}
