/**
 * Stubs for what jsdom lacks, as it has no layout or rendering: observers, media queries, animation
 * frames, canvas, dialogs. A test sets which elements are in view, and their sizes.
 */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {ReturnType<typeof setTimeout>} Timer */

/** The time between two animation frames. */
const FRAME_MS = 16;

/** Install the stubs that modules of the page may keep across tests. */
export function installOnce() {
  define("IntersectionObserver", ViewObserver);
  define("ResizeObserver", SizeObserver);
  define("ImageData", Pixels);
  define("Path2D", Path);
  define("requestAnimationFrame", requestFrame);
  define("cancelAnimationFrame", cancelFrame);
  define("matchMedia", matchMedia);
  // Follows the clock of the test.
  define("performance", { now: () => Date.now() });
}

/**
 * Install the stubs of a new window.
 *
 * @param {import("jsdom").DOMWindow} window
 */
export function installIn(window) {
  const { HTMLDialogElement, HTMLCanvasElement, Element, HTMLElement } = window;
  Object.assign(window, { matchMedia, requestAnimationFrame, devicePixelRatio: 1 });
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
    this.dispatchEvent(new window.Event("close"));
  };
  Element.prototype.scrollIntoView = () => {};
  HTMLElement.prototype.setPointerCapture = () => {};
  HTMLElement.prototype.releasePointerCapture = () => {};
  HTMLCanvasElement.prototype.getContext = /** @type {any} */ (contextOf);
  HTMLCanvasElement.prototype.toBlob = (callback) => callback(new Blob([], { type: "image/png" }));
}

/** Clear the observers, frames and media queries of the last test. */
export function reset() {
  for (const callback of [...frames.values()]) callback();
  frames.clear();
  viewObservers.clear();
  sizeObservers.clear();
  queries.clear();
  drawn.length = 0;
}

/**
 * Move an element, its content and its ancestors into view, or out of it.
 *
 * @param {Element} element
 * @param {boolean} isIntersecting
 */
export function setInView(element, isIntersecting) {
  for (const observer of [...viewObservers]) {
    const entries = [...observer.targets]
      .filter((target) => target.contains(element) || element.contains(target))
      .map((target) => ({ target, isIntersecting, intersectionRatio: Number(isIntersecting) }));
    if (entries.length > 0) observer.notify(entries);
  }
}

/**
 * @param {Element} element
 * @param {Size} size
 */
export function setSize(element, { width, height }) {
  Object.defineProperties(element, {
    clientWidth: { value: width, configurable: true },
    clientHeight: { value: height, configurable: true },
    offsetWidth: { value: width, configurable: true },
    offsetHeight: { value: height, configurable: true },
  });
  const contentRect = { x: 0, y: 0, left: 0, top: 0, right: width, bottom: height, width, height };
  element.getBoundingClientRect = () => ({ ...contentRect, toJSON: () => contentRect });
  for (const observer of [...sizeObservers]) {
    if (observer.targets.has(element)) observer.notify([{ target: element, contentRect }]);
  }
}

/**
 * @param {string} query
 * @param {boolean} matches
 */
export function setMedia(query, matches) {
  const list = matchMedia(query);
  list.matches = matches;
  list.dispatchEvent(Object.assign(new globalThis.Event("change"), { matches, media: query }));
}

class Observer {
  /** @type {Set<Element>} */
  targets = new Set();

  /**
   * @param {Set<Observer>} active the active observers of this kind
   * @param {(entries: any[], observer: Observer) => void} callback
   */
  constructor(active, callback) {
    this.active = active;
    this.callback = callback;
  }

  /** @param {Element} target */
  observe(target) {
    this.targets.add(target);
    this.active.add(this);
  }

  /** @param {Element} target */
  unobserve(target) {
    this.targets.delete(target);
  }

  disconnect() {
    this.targets.clear();
  }

  takeRecords() {
    return [];
  }

  /** @param {object[]} entries */
  notify(entries) {
    this.callback(entries, this);
  }
}

/** @type {Set<Observer>} */
const viewObservers = new Set();
/** @type {Set<Observer>} */
const sizeObservers = new Set();

class ViewObserver extends Observer {
  /** @param {(entries: any[], observer: Observer) => void} callback */
  constructor(callback) {
    super(viewObservers, callback);
  }
}

class SizeObserver extends Observer {
  /** @param {(entries: any[], observer: Observer) => void} callback */
  constructor(callback) {
    super(sizeObservers, callback);
  }
}

/** @type {Map<Timer, () => void>} pending callbacks, by timer */
const frames = new Map();

/** @param {(time: number) => void} callback */
function requestFrame(callback) {
  const timer = setTimeout(() => {
    frames.delete(timer);
    callback(performance.now());
  }, FRAME_MS);
  frames.set(timer, () => callback(performance.now()));
  return timer;
}

/** @param {Timer} timer */
function cancelFrame(timer) {
  clearTimeout(timer);
  frames.delete(timer);
}

/** @type {Map<string, any>} */
const queries = new Map();

/** @param {string} media */
function matchMedia(media) {
  const list =
    queries.get(media) ?? Object.assign(new globalThis.EventTarget(), { media, matches: false });
  queries.set(media, list);
  return list;
}

class Pixels {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8ClampedArray(4 * width * height);
  }
}

/** @type {unknown[][]} every call on a canvas context, as `[name, ...arguments]` */
export const drawn = [];

/** @type {WeakMap<HTMLCanvasElement, object>} */
const contexts = new WeakMap();

/**
 * The 2D context of a canvas.
 *
 * @this {HTMLCanvasElement}
 */
function contextOf() {
  const context = contexts.get(this) ?? newContext(this);
  contexts.set(this, context);
  return context;
}

/** @param {HTMLCanvasElement} canvas */
function newContext(canvas) {
  const measured = {
    canvas,
    measureText: (/** @type {string} */ text) => ({ width: 8 * text.length }),
    createImageData: (/** @type {number} */ width, /** @type {number} */ height) =>
      new Pixels(width, height),
  };
  return new Proxy(measured, { get: methodOf });
}

class Path {
  constructor() {
    return new Proxy(this, { get: methodOf });
  }
}

/**
 * A property of the target, or a method that records its calls.
 *
 * @param {object} target
 * @param {string | symbol} name
 */
function methodOf(target, name) {
  if (name in target || typeof name === "symbol") return Reflect.get(target, name);
  return (/** @type {unknown[]} */ ...all) => void drawn.push([name, ...all]);
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function define(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
