/** How far the upload of a text file has come. */

import { wholePercent } from "../format.js";
import { requireElement } from "../ui/dom.js";

export class UploadProgress {
  #element;
  #bar;
  #text;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#element = requireElement(panel, "#text_upload", HTMLElement);
    this.#bar = requireElement(this.#element, "progress", HTMLProgressElement);
    this.#text = requireElement(this.#element, "span", HTMLElement);
  }

  /**
   * The result of an upload. It is shown once it has made progress: that of a small file is too
   * short to be seen.
   *
   * @template T
   * @param {() => Promise<T>} upload
   * @returns {Promise<T>}
   */
  async during(upload) {
    try {
      return await upload();
    } finally {
      this.#element.hidden = true;
    }
  }

  /**
   * @param {string} name
   * @param {number} share that has been sent; the server reads a file when it has all of it
   */
  show(name, share) {
    this.#element.hidden = false;
    if (share < 1) this.#bar.value = share;
    else this.#bar.removeAttribute("value");
    this.#text.textContent =
      share < 1 ? `Uploading ${name}: ${wholePercent(share)}` : `Reading ${name}`;
  }
}
