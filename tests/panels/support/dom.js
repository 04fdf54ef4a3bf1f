/** The page as Flask renders it, in a window of its own for every test. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { JSDOM } from "jsdom";
import { define, installIn, installOnce } from "./stubs.js";

/** @typedef {"index" | "shared" | "shared_first_visit" | "blank"} Variant `shared`: a link to a copy was followed; `blank`: no panel is wanted */

const ROOT = new URL("../../../", import.meta.url);
const RENDERED = new URL("build/panels/", ROOT);

/** What modules of the page find without asking the window for it. */
const GLOBALS =
  /^(HTML\w*Element|SVG\w*|\w*Event|EventTarget|Node\w*|Element|Document\w*|Text|Range|Option|Image|DOMParser|DOMRect\w*|MutationObserver|document|location|history|localStorage|sessionStorage|navigator|getComputedStyle|devicePixelRatio)$/;

/** @type {Map<Variant, string>} */
const pages = new Map([["blank", "<!doctype html>"]]);

installOnce();
openWindow("index"); // libraries look for one when they are imported

/**
 * From now on, `document` and all that belongs to it are of a new window.
 *
 * @param {Variant} variant
 */
export function openWindow(variant) {
  const { window } = new JSDOM(html(variant), {
    url: "http://localhost/",
    pretendToBeVisual: true, // else the tab would be hidden
  });
  installIn(window);
  for (const name of Object.getOwnPropertyNames(window)) {
    if (GLOBALS.test(name)) define(name, Reflect.get(window, name));
  }
  for (const name of /** @type {const} */ (["addEventListener", "removeEventListener"])) {
    define(name, window[name].bind(window));
  }
  define("window", window);
  return window;
}

/** @param {Variant} variant */
function html(variant) {
  const page = pages.get(variant) ?? read(variant);
  pages.set(variant, page);
  return page;
}

/** @param {Variant} variant */
function read(variant) {
  const file = new URL(`${variant}.html`, RENDERED);
  if (!existsSync(file) || statSync(file).mtimeMs < newestTemplate()) {
    throw new Error("The page has to be rendered anew: make panel-pages");
  }
  return readFileSync(file, "utf8");
}

function newestTemplate() {
  const folder = new URL("templates/", ROOT);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const times = names
    .filter((name) => name.endsWith(".html"))
    .map((name) => statSync(new URL(name, folder)).mtimeMs);
  return Math.max(...times);
}
