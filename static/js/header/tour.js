/** The tour: a minute on the live page, each step done by the visitor or for them. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Step } from "./tour_steps.js" */

import { sleep } from "../timing.js";
import { requireElement, withBusy } from "../ui/dom.js";
import { STEPS } from "./tour_steps.js";

const SLIDE_STEPS = 16;
const SLIDE_STEP_MS = 50;
const KEY_MS = 60;
/** Between two looks for a button that is not there yet. */
const LOOK_MS = 200;
const MAX_LOOKS = 50;

/** The sliders that the tour moves, and the fields that hold their exact values. */
const SLIDERS = { "#lr_slider": "#lr_typed", "#temperature_slider": "#temperature_typed" };

/** @typedef {{slider: HTMLInputElement, typed: HTMLInputElement, position: number, value: string, moved: boolean}} Slider as it was when the tour began, and whether it was moved since */

/**
 * @param {HTMLElement} element the page
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const tour = new Tour(element, connection);
  for (const button of element.querySelectorAll(".tour-start")) {
    if (button instanceof HTMLElement) {
      button.addEventListener("click", () => tour.start(button));
    }
  }
}

class Tour {
  #page;
  #connection;
  #store;
  #panel;
  #title;
  #outcome;
  #do;
  #back;
  #next;

  #index = 0;
  /** @type {HTMLElement | null} the element that the step points at */
  #target = null;
  /** @type {HTMLElement | null} the button that started the tour */
  #opener = null;
  /** @type {Map<string, Slider>} */
  #sliders = new Map();

  /**
   * @param {HTMLElement} page
   * @param {Connection} connection
   */
  constructor(page, connection) {
    this.#page = page;
    this.#connection = connection;
    this.#store = connection.store;
    this.#panel = requireElement(page, "#tour", HTMLElement);
    this.#title = requireElement(page, "#tour_title", HTMLElement);
    this.#outcome = requireElement(page, "#tour_outcome", HTMLElement);
    this.#do = requireElement(page, "#tour_do", HTMLButtonElement);
    this.#back = requireElement(page, "#tour_back", HTMLButtonElement);
    this.#next = requireElement(page, "#tour_next", HTMLButtonElement);
    this.#do.addEventListener("click", () => withBusy(this.#do, () => this.#perform()));
    this.#back.addEventListener("click", () => this.#go(this.#index - 1));
    this.#next.addEventListener("click", () => this.#go(this.#index + 1));
    requireElement(page, "#tour_leave", HTMLButtonElement).addEventListener("click", () =>
      this.#leave(),
    );
    this.#panel.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#leave();
    });
    for (const type of ["input", "click"])
      page.addEventListener(type, (event) => this.#check(event));
  }

  get #step() {
    return /** @type {Step} */ (STEPS[this.#index]);
  }

  /** @param {HTMLElement} opener */
  start(opener) {
    this.#opener = opener;
    this.#sliders = new Map(
      Object.entries(SLIDERS).map(([selector, field]) => {
        const slider = requireElement(this.#page, selector, HTMLInputElement);
        const typed = requireElement(this.#page, field, HTMLInputElement);
        const { valueAsNumber: position } = slider;
        return [selector, { slider, typed, position, value: typed.value, moved: false }];
      }),
    );
    if (this.#store.page.net?.status === "paused") this.#connection.request("resume", {});
    this.#go(0);
  }

  /**
   * Show a step; after the last one, leave.
   *
   * @param {number} index
   */
  #go(index) {
    if (this.#step.control !== STEPS[index]?.control) this.#restore();
    if (index === STEPS.length) return this.#leave();
    this.#index = index;
    const { title, words, action, target, opens } = this.#step;
    this.#panel.hidden = false;
    this.#panel.dataset.state = "shown";
    requireElement(this.#panel, "#tour_place", HTMLElement).textContent =
      `Step ${index + 1} of ${STEPS.length}`;
    this.#title.textContent = title;
    requireElement(this.#panel, "#tour_words", HTMLElement).textContent = words(this.#store.page);
    this.#outcome.textContent = "";
    this.#do.hidden = !action;
    this.#do.textContent = action ?? "";
    this.#back.hidden = index === 0;
    this.#next.textContent = index === STEPS.length - 1 ? "finish" : "next";
    if (opens) requireElement(this.#page, opens, HTMLDetailsElement).open = true;
    this.#pointAt(requireElement(this.#page, target, HTMLElement));
  }

  /**
   * Mark an element and scroll to it. The tour stands before its panel in the order of the page, so that
   * Tab leads to its controls.
   *
   * @param {HTMLElement} target
   */
  #pointAt(target) {
    this.#target?.classList.remove("tour-target");
    this.#target = target;
    target.classList.add("tour-target");
    const panel = target.closest(".panel") ?? target;
    panel.before(this.#panel);
    target.scrollIntoView({ block: "start", behavior: isStill() ? "auto" : "smooth" });
    this.#title.focus({ preventScroll: true });
  }

  /** Do the step for the visitor. */
  async #perform() {
    const { control, move } = this.#step;
    if (!control || !move) return;
    const index = this.#index;
    const isCurrent = () => this.#index === index && !this.#panel.hidden;
    if (move.kind === "slide") await this.#slide(control, move.by, isCurrent);
    else if (move.kind === "type")
      await this.#type(control, move.text(this.#store.page), isCurrent);
    else await this.#press(control, isCurrent);
  }

  /**
   * @param {string} control
   * @param {number} by how far from its position at the start
   * @param {() => boolean} isCurrent
   */
  async #slide(control, by, isCurrent) {
    const { slider, position } = /** @type {Slider} */ (this.#sliders.get(control));
    const from = slider.valueAsNumber;
    const to = position + by;
    const steps = isStill() ? 1 : SLIDE_STEPS;
    for (let step = 1; step <= steps && isCurrent(); step += 1) {
      enter(slider, String(from + ((to - from) * step) / steps));
      if (step < steps) await sleep(SLIDE_STEP_MS);
    }
  }

  /**
   * @param {string} control
   * @param {string} text
   * @param {() => boolean} isCurrent
   */
  async #type(control, text, isCurrent) {
    const field = requireElement(this.#page, control, HTMLInputElement);
    const characters = [...text];
    for (let end = isStill() ? characters.length : 1; end <= characters.length; end += 1) {
      if (!isCurrent()) return;
      enter(field, characters.slice(0, end).join(""));
      if (end < characters.length) await sleep(KEY_MS);
    }
  }

  /**
   * Press the first button of a list that the server fills.
   *
   * @param {string} control
   * @param {() => boolean} isCurrent
   */
  async #press(control, isCurrent) {
    for (let look = 0; look < MAX_LOOKS && isCurrent(); look += 1) {
      const button = this.#page.querySelector(control);
      if (button instanceof HTMLElement) return button.click();
      await sleep(LOOK_MS);
    }
  }

  /**
   * Notice that the step is done, by the visitor or for them.
   *
   * @param {Event} event
   */
  #check({ type, target }) {
    const { control, move, outcome } = this.#step;
    if (this.#panel.hidden || !control || !move || !(target instanceof Element)) return;
    const used = target.closest(control);
    if (!used || (type === "click") !== (move.kind === "press")) return;
    if (move.kind === "slide" && !this.#hasMoved(control, move)) return;
    this.#panel.dataset.state = "done";
    this.#outcome.textContent = outcome ?? "";
  }

  /**
   * @param {string} control
   * @param {{by: number, from: number}} move
   */
  #hasMoved(control, { by, from }) {
    const slider = /** @type {Slider} */ (this.#sliders.get(control));
    slider.moved = true;
    const distance = slider.slider.valueAsNumber - slider.position;
    return by < from ? distance <= from : distance >= from;
  }

  /** Set the sliders that were moved to what they were when the tour began. */
  #restore() {
    for (const each of this.#sliders.values()) {
      if (!each.moved) continue;
      each.moved = false;
      const { slider, typed, position, value } = each;
      slider.value = String(position);
      enter(typed, value);
      typed.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  #leave() {
    if (this.#panel.hidden) return;
    this.#restore();
    this.#panel.hidden = true;
    this.#panel.dataset.state = "closed";
    this.#target?.classList.remove("tour-target");
    this.#target = null;
    this.#opener?.focus();
  }
}

/** Whether the visitor prefers reduced motion. */
function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Enter a value as the visitor would.
 *
 * @param {HTMLInputElement} field
 * @param {string} value
 */
function enter(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
