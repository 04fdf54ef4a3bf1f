/**
 * What jsdom lacks because it lays out and draws nothing: observers, media queries, frames, canvas,
 * dialogs. A test says what is in sight or how large something is, and the page hears of it.
 */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {ReturnType<typeof setTimeout>} Timer */

/** Milliseconds between two frames of a browser. */
const FRAME_MS = 16;

/** What is the same for as long as the process lives: modules of the page may hold on to it. */
export function installOnce() {
  define("IntersectionObserver", SightObserver);
  define("ResizeObserver", SizeObserver);
  define("ImageData", Pixels);
  define("Path2D", Path);
  define("requestAnimationFrame", requestFrame);
  define("cancelAnimationFrame", cancelFrame);
  define("matchMedia", matchMedia);
  // The clock that a test moves on moves this one, too.
  define("performance", { now: () => Date.now() });
}

/**
 * What every new window needs.
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

/** Forget what the last test has observed and asked for. */
export function reset() {
  for (const callback of [...frames.values()]) callback();
  frames.clear();
  sights.clear();
  sizes.clear();
  queries.clear();
  drawn.length = 0;
}

/**
 * An element comes into sight, with all that is in it and around it, or goes out of it.
 *
 * @param {Element} element
 * @param {boolean} isIntersecting
 */
export function setSight(element, isIntersecting) {
  for (const observer of [...sights]) {
    const entries = [...observer.targets]
      .filter((target) => target.contains(element) || element.contains(target))
      .map((target) => ({ target, isIntersecting, intersectionRatio: Number(isIntersecting) }));
    if (entries.length > 0) observer.tell(entries);
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
  for (const observer of [...sizes]) {
    if (observer.targets.has(element)) observer.tell([{ target: element, contentRect }]);
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
   * @param {Set<Observer>} observing all of its kind that observe anything
   * @param {(entries: any[], observer: Observer) => void} callback
   */
  constructor(observing, callback) {
    this.observing = observing;
    this.callback = callback;
  }

  /** @param {Element} target */
  observe(target) {
    this.targets.add(target);
    this.observing.add(this);
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
  tell(entries) {
    this.callback(entries, this);
  }
}

/** @type {Set<Observer>} */
const sights = new Set();
/** @type {Set<Observer>} */
const sizes = new Set();

class SightObserver extends Observer {
  /** @param {(entries: any[], observer: Observer) => void} callback */
  constructor(callback) {
    super(sights, callback);
  }
}

class SizeObserver extends Observer {
  /** @param {(entries: any[], observer: Observer) => void} callback */
  constructor(callback) {
    super(sizes, callback);
  }
}

/** @type {Map<Timer, () => void>} what waits to be drawn, by its timer */
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

/** @type {unknown[][]} every call on the context of any canvas, as `[name, ...arguments]` */
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
 * What is not there is a method that draws.
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
