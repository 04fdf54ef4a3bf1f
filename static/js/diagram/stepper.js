/** Where in the text the picture is: moved to by hand, or played through. */

/** @import { NetworkResult } from "../protocol" */

import { requireElement } from "../ui/dom.js";
import { entering, inOdds } from "./summary.js";

/** A place that shows something: the picture has all its steps. */
const BEGIN_AT = 4;
/** Between two characters that are played. */
const BEAT_MS = 333;

export class Stepping {
  /** @type {string[]} */
  #characters = [];
  #at = BEGIN_AT;
  #moved;
  #read;
  #now;
  #toCome;
  #place;
  #slider;
  #play;
  #back;
  #forward;
  #spoken;
  #steps;

  #playing = false;
  #inSight = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #beat;
  /** @type {number | null} the place of what is drawn */
  #drawn = null;
  /** Whether what is drawn next is told to those who listen. */
  #telling = false;

  /**
   * @param {HTMLElement} figure
   * @param {() => void} moved
   */
  constructor(figure, moved) {
    this.#moved = moved;
    this.#read = requireElement(figure, ".network-read", HTMLElement);
    this.#now = requireElement(figure, ".network-now", HTMLElement);
    this.#toCome = requireElement(figure, ".network-to-come", HTMLElement);
    this.#place = requireElement(figure, "#netpicture_place", HTMLElement);
    this.#slider = requireElement(figure, "#netpicture_at", HTMLInputElement);
    this.#play = requireElement(figure, "#netpicture_play", HTMLButtonElement);
    this.#back = requireElement(figure, "#netpicture_back", HTMLButtonElement);
    this.#forward = requireElement(figure, "#netpicture_forward", HTMLButtonElement);
    this.#steps = requireElement(figure, ".network-steps", HTMLElement);
    this.#spoken = requireElement(figure, "#netpicture_spoken", HTMLElement);

    this.#back.addEventListener("click", () => this.#step(-1));
    this.#forward.addEventListener("click", () => this.#step(1));
    this.#slider.addEventListener("input", () => this.#slide());
    this.#play.addEventListener("click", () => this.#setPlaying(!this.#playing));
    this.#watchSight(figure);
    this.#setPlaying(false);
    this.#show();
  }

  /** Characters read. */
  get at() {
    return this.#at;
  }

  /** @param {string[]} characters none: there is nothing that can be read */
  read(characters) {
    this.#characters = characters;
    this.#drawn = null;
    if (characters.length > 0) this.#at = Math.min(this.#at, characters.length);
    else this.#setPlaying(false);
    this.#show();
  }

  /**
   * This is drawn now.
   *
   * @param {NetworkResult} answer
   */
  drawn({ at, characters, columns }) {
    // A network that the original saved may read a character as two.
    if (characters.length !== this.#characters.length) this.read(characters);
    this.#drawn = at;
    if (!this.#telling || at !== this.#at) return;
    this.#telling = false;
    const likely = columns.at(-1)?.likeliest[0];
    this.#spoken.textContent = `Character ${this.#where()}. Likeliest next: ${likely ? inOdds(likely) : ""}.`;
  }

  /**
   * What goes in at the last steps.
   *
   * @param {number} steps
   */
  lastCharacters(steps) {
    if (this.#characters.length === 0) return [];
    return ["", ...this.#characters].slice(Math.max(0, this.#at - steps + 1), this.#at + 1);
  }

  /** @param {number} by */
  #step(by) {
    this.#setPlaying(false);
    const to = Math.max(0, Math.min(this.#at + by, this.#characters.length));
    if (to === this.#at || this.#characters.length === 0) return;
    this.#telling = true;
    this.#moveTo(to);
  }

  #slide() {
    this.#setPlaying(false);
    this.#telling = false; // the slider tells its own place
    this.#moveTo(this.#slider.valueAsNumber);
  }

  /** @param {number} at */
  #moveTo(at) {
    this.#at = at;
    this.#show();
    this.#moved();
  }

  /** @param {boolean} playing */
  #setPlaying(playing) {
    this.#playing = playing && this.#characters.length > 0;
    this.#telling = false;
    this.#steps.dataset.state = this.#playing ? "playing" : "stopped";
    this.#play.textContent = this.#playing ? "pause playing" : "play through";
    this.#keepTime();
  }

  /** @param {HTMLElement} figure */
  #watchSight(figure) {
    const sight = new IntersectionObserver((changes) => {
      this.#inSight = changes.at(-1)?.isIntersecting ?? false;
      this.#keepTime();
    });
    sight.observe(figure);
    document.addEventListener("visibilitychange", () => this.#keepTime());
  }

  /** Out of sight, it waits. */
  #keepTime() {
    clearInterval(this.#beat);
    if (!this.#playing || !this.#inSight || document.hidden) return;
    this.#beat = setInterval(() => this.#playOn(), BEAT_MS);
  }

  #playOn() {
    if (this.#drawn !== this.#at) return; // a slow server is waited for, not run away from
    this.#moveTo(this.#at < this.#characters.length ? this.#at + 1 : 0);
  }

  #show() {
    const characters = this.#characters;
    const at = Math.min(this.#at, characters.length);
    this.#read.textContent = characters.slice(0, Math.max(0, at - 1)).join("");
    this.#now.textContent = characters.slice(Math.max(0, at - 1), at).join("");
    this.#toCome.textContent = characters.slice(at).join("");
    this.#now.hidden = characters.length === 0;
    this.#place.textContent = `${at} of ${characters.length}`;
    this.#slider.disabled = characters.length === 0;
    this.#slider.max = String(characters.length);
    this.#slider.value = String(at);
    this.#slider.style.setProperty("--at", String(at / Math.max(characters.length, 1)));
    this.#slider.setAttribute("aria-valuetext", this.#where());
    this.#play.setAttribute("aria-disabled", String(characters.length === 0));
    this.#back.setAttribute("aria-disabled", String(at === 0));
    this.#forward.setAttribute("aria-disabled", String(at === characters.length));
  }

  #where() {
    const at = Math.min(this.#at, this.#characters.length);
    const character = at > 0 ? (this.#characters[at - 1] ?? "") : "";
    return `${at} of ${this.#characters.length}, ${entering(character)}`;
  }
}
