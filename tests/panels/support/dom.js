/** The page as Flask renders it, in a window of its own for every test. */

import { JSDOM } from "jsdom";
import { readRendered } from "./rendered.js";
import { define, installIn, installOnce } from "./stubs.js";

/** @typedef {"index" | "shared" | "shared_first_visit" | "blank"} Variant `shared`: a link to a copy was followed; `blank`: no panel is wanted */

/** What modules of the page find without asking the window for it. */
const GLOBALS =
  /^(HTML\w*Element|SVG\w*|\w*Event|EventTarget|Node\w*|Element|Document\w*|Text|Range|Option|Image|DOMParser|DOMRect\w*|MutationObserver|document|location|history|localStorage|sessionStorage|navigator|getComputedStyle|devicePixelRatio)$/;

/** @type {Map<string, string>} by variant, and by the parts that are wanted of it */
const pages = new Map([["blank", "<!doctype html>"]]);
/** @type {Map<Variant, Document>} parts are taken from them */
const wholes = new Map();

installOnce();
openWindow("blank"); // libraries look for one when they are imported

/**
 * From now on, `document` and all that belongs to it are of a new window.
 *
 * @param {Variant} variant
 * @param {string} [only] a selector of the parts that are wanted of the page, which opens sooner
 */
export function openWindow(variant, only) {
  const { window } = new JSDOM(only ? partsOf(variant, only) : html(variant), {
    url: "http://localhost/",
    pretendToBeVisual: true, // else the tab would be hidden
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
  const page = pages.get(key) ?? cut(variant, selector);
  pages.set(key, page);
  return page;
}

/**
 * @param {Variant} variant
 * @param {string} selector
 */
function cut(variant, selector) {
  const whole = wholes.get(variant) ?? new JSDOM(html(variant)).window.document;
  wholes.set(variant, whole);
  const parts = [...whole.querySelectorAll(selector)];
  if (parts.length === 0) throw new Error(`the page has no ${selector}`);
  return ["<!doctype html>", ...parts.map(({ outerHTML }) => outerHTML)].join("");
}

/** @param {Variant} variant */
function html(variant) {
  const page = pages.get(variant) ?? readRendered(`${variant}.html`);
  pages.set(variant, page);
  return page;
}
