/** The controls of the position in the probe text: buttons, slider and playback. */

/** @import { NetworkResult } from "../protocol" */

import { requireElement, watchVisibility } from "../ui/dom.js";
import { inputName, withProbability } from "./summary.js";

/** At this position all four steps of the diagram are used. */
const INITIAL_POSITION = 4;
/** Between two characters in playback. */
const PLAY_INTERVAL_MS = 333;

export class Stepper {
  /** @type {string[]} */
  #characters = [];
  #at = INITIAL_POSITION;
  #moved;
  #read;
  #now;
  #rest;
  #position;
  #slider;
  #play;
  #back;
  #forward;
  #announcement;
  #steps;

  #playing = false;
  #isVisible = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {number | null} the position drawn */
  #drawnAt = null;
  /** Whether the next drawn position is announced to screen readers. */
  #announceNext = false;

  /**
   * @param {HTMLElement} figure
   * @param {() => void} moved
   */
  constructor(figure, moved) {
    this.#moved = moved;
    this.#read = requireElement(figure, ".network-read", HTMLElement);
    this.#now = requireElement(figure, ".network-now", HTMLElement);
    this.#rest = requireElement(figure, ".network-to-come", HTMLElement);
    this.#position = requireElement(figure, "#netpicture_place", HTMLElement);
    this.#slider = requireElement(figure, "#netpicture_at", HTMLInputElement);
    this.#play = requireElement(figure, "#netpicture_play", HTMLButtonElement);
    this.#back = requireElement(figure, "#netpicture_back", HTMLButtonElement);
    this.#forward = requireElement(figure, "#netpicture_forward", HTMLButtonElement);
    this.#steps = requireElement(figure, ".network-steps", HTMLElement);
    this.#announcement = requireElement(figure, "#netpicture_spoken", HTMLElement);

    this.#back.addEventListener("click", () => this.#step(-1));
    this.#forward.addEventListener("click", () => this.#step(1));
    this.#slider.addEventListener("input", () => this.#slide());
    this.#play.addEventListener("click", () => this.#setPlaying(!this.#playing));
    watchVisibility(figure, (isVisible) => {
      this.#isVisible = isVisible;
      this.#updateTimer();
    });
    this.#setPlaying(false);
    this.#show();
  }

  /** The number of characters read. */
  get at() {
    return this.#at;
  }

  /** @param {string[]} characters of the text; none if it cannot be read */
  read(characters) {
    this.#characters = characters;
    this.#drawnAt = null;
    if (characters.length > 0) this.#at = Math.min(this.#at, characters.length);
    else this.#setPlaying(false);
    this.#show();
  }

  /**
   * An answer has been drawn.
   *
   * @param {NetworkResult} answer
   */
  drawn({ at, characters, columns }) {
    // A network saved by the original demo may read a character as two.
    if (characters.length !== this.#characters.length) this.read(characters);
    this.#drawnAt = at;
    if (!this.#announceNext || at !== this.#at) return;
    this.#announceNext = false;
    const prediction = columns.at(-1)?.likeliest[0];
    this.#announcement.textContent = `Character ${this.#positionText()}. Most likely next: ${prediction ? withProbability(prediction) : ""}.`;
  }

  /**
   * The inputs of the last steps.
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
    const target = Math.max(0, Math.min(this.#at + by, this.#characters.length));
    if (target === this.#at || this.#characters.length === 0) return;
    this.#announceNext = true;
    this.#moveTo(target);
  }

  #slide() {
    this.#setPlaying(false);
    this.#announceNext = false; // screen readers announce the slider's value
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
    this.#announceNext = false;
    this.#steps.dataset.state = this.#playing ? "playing" : "stopped";
    this.#play.textContent = this.#playing ? "pause playback" : "play";
    this.#updateTimer();
  }

  /** Playback pauses while the diagram is not visible. */
  #updateTimer() {
    clearInterval(this.#timer);
    if (!this.#playing || !this.#isVisible) return;
    this.#timer = setInterval(() => this.#playNext(), PLAY_INTERVAL_MS);
  }

  #playNext() {
    if (this.#drawnAt !== this.#at) return; // wait for a slow server
    this.#moveTo(this.#at < this.#characters.length ? this.#at + 1 : 0);
  }

  #show() {
    const characters = this.#characters;
    const at = Math.min(this.#at, characters.length);
    this.#read.textContent = characters.slice(0, Math.max(0, at - 1)).join("");
    this.#now.textContent = characters.slice(Math.max(0, at - 1), at).join("");
    this.#rest.textContent = characters.slice(at).join("");
    this.#now.hidden = characters.length === 0;
    this.#position.textContent = `${at} of ${characters.length}`;
    this.#slider.disabled = characters.length === 0;
    this.#slider.max = String(characters.length);
    this.#slider.value = String(at);
    this.#slider.style.setProperty("--at", String(at / Math.max(characters.length, 1)));
    this.#slider.setAttribute("aria-valuetext", this.#positionText());
    this.#play.setAttribute("aria-disabled", String(characters.length === 0));
    this.#back.setAttribute("aria-disabled", String(at === 0));
    this.#forward.setAttribute("aria-disabled", String(at === characters.length));
  }

  #positionText() {
    const at = Math.min(this.#at, this.#characters.length);
    const character = at > 0 ? (this.#characters[at - 1] ?? "") : "";
    return `${at} of ${this.#characters.length}, ${inputName(character)}`;
  }
}
