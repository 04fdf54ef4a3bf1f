/** Links to frozen copies of the network: made, copied and withdrawn. */

/** @import { Connection } from "../net/connection.js" */
/** @import { SharedCopy, ErrorResult } from "../protocol" */

import { isBusy, requireElement, withBusy } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";

const WHEN = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
const COUNT = new Intl.NumberFormat("en");

/** @typedef {"ready" | "busy" | "shared" | "copied" | "selected" | "withdrawn" | "refused"} SharingState */
/** @typedef {(state: SharingState, words?: string) => void} Show says what has come of a press */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const button = requireElement(element, "#share", HTMLButtonElement);
  const outcome = requireElement(element, "#share_outcome", HTMLElement);
  /** @type {Show} */
  const show = (state, words = "") => {
    element.dataset.state = state;
    outcome.textContent = words;
  };
  const link = new Link(element, show);
  const list = new Copies(element, connection, show, (path) => {
    link.forget(path);
    button.focus({ preventScroll: true });
  });

  show("ready");
  bindFieldError(element, connection.store, "share", button);
  button.addEventListener("click", async () => {
    if (isBusy(button)) return;
    show("busy");
    const answer = await withBusy(button, () => connection.request("share", {}, { id: "share" }));
    if (!answer.ok) return show("refused");
    link.show(answer.path);
    show("shared", "Here is the link: anyone who has it can open this copy.");
    await list.refresh();
  });
  list.fillWhenSeen();
}

/** The link that was made last, to be taken along. */
class Link {
  #place;
  #address;
  #show;

  /**
   * @param {HTMLElement} element
   * @param {Show} show
   */
  constructor(element, show) {
    this.#place = requireElement(element, "#share_link", HTMLElement);
    this.#address = requireElement(element, "#share_address", HTMLInputElement);
    this.#show = show;
    this.#address.addEventListener("focus", () => this.#address.select());
    requireElement(element, "#copy_link", HTMLButtonElement).addEventListener("click", () =>
      this.#copy(),
    );
  }

  /** @param {string} path */
  show(path) {
    this.#address.value = addressOf(path);
    this.#place.hidden = false;
  }

  /** @param {string} path of a copy that is gone */
  forget(path) {
    if (this.#address.value === addressOf(path)) this.#place.hidden = true;
  }

  /** A browser lets a page write to the clipboard only where the page came over HTTPS. */
  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#address.value);
      this.#show("copied", "The link is copied.");
    } catch {
      this.#address.focus();
      this.#address.select();
      this.#show("selected", "The link is selected: copy it as you copy any text.");
    }
  }
}

/** The copies that this session has shared. */
class Copies {
  #element;
  #list;
  #connection;
  #show;
  #gone;
  #asked = 0;
  #told = false;
  /** @type {Map<string, HTMLElement>} by id */
  #items = new Map();

  /**
   * @param {HTMLElement} element
   * @param {Connection} connection
   * @param {Show} show
   * @param {(path: string) => void} gone called when one has been withdrawn
   */
  constructor(element, connection, show, gone) {
    this.#element = element;
    this.#list = requireElement(element, "#copies", HTMLUListElement);
    this.#connection = connection;
    this.#show = show;
    this.#gone = gone;
  }

  /** Most visitors share nothing: the server is asked once somebody looks at this part. */
  fillWhenSeen() {
    const { store } = this.#connection;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      store.watch(
        (page) => page.link === "open",
        (isOpen) => {
          if (isOpen) this.refresh();
        },
      );
    });
    seen.observe(this.#element);
  }

  async refresh() {
    const asked = ++this.#asked;
    const answer = await this.#connection.query("shares", {});
    if (asked !== this.#asked) return; // what was asked later is newer
    this.#tell(answer.ok || !answer.field ? null : answer);
    if (answer.ok) this.#fill(answer.copies);
  }

  /**
   * A list that cannot be had must not look as if nothing had been shared. What was wrong with
   * sharing or withdrawing is told at the same place, and stays.
   *
   * @param {ErrorResult | null} refused
   */
  #tell(refused) {
    if (refused || this.#told) this.#connection.store.setFieldErrors({ id: "share" }, refused);
    this.#told = refused !== null;
  }

  /**
   * What is there already stays where it is, and keeps the focus.
   *
   * @param {SharedCopy[]} copies the newest first
   */
  #fill(copies) {
    const ids = new Set(copies.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (ids.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    for (const copy of [...copies].reverse()) {
      if (this.#items.has(copy.id)) continue;
      const item = this.#item(copy);
      this.#items.set(copy.id, item);
      this.#list.prepend(item);
    }
    this.#list.hidden = copies.length === 0;
  }

  /** @param {SharedCopy} copy */
  #item(copy) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = copy.path;
    link.textContent = WHEN.format(copy.created * 1000);
    const figures = document.createElement("span");
    figures.className = "copy-figures";
    figures.textContent = figuresOf(copy);
    const withdraw = document.createElement("button");
    withdraw.type = "button";
    withdraw.className = "button";
    withdraw.textContent = "withdraw";
    withdraw.setAttribute("aria-label", `withdraw the copy of ${link.textContent}`);
    withdraw.addEventListener("click", () => this.#withdraw(copy, withdraw));
    const words = document.createElement("p");
    words.className = "copy";
    words.append(link, " ", figures);
    item.append(words, withdraw);
    return item;
  }

  /**
   * @param {SharedCopy} copy
   * @param {HTMLButtonElement} button
   */
  async #withdraw({ id, path }, button) {
    if (isBusy(button)) return;
    this.#show("busy");
    const answer = await withBusy(button, () =>
      this.#connection.request("withdraw", { id }, { id: "share" }),
    );
    if (answer.ok) this.#show("withdrawn", "Withdrawn: its link leads nowhere now.");
    else this.#show("refused");
    if (answer.ok) this.#gone(path);
    await this.refresh(); // it may have been withdrawn elsewhere
  }
}

/** @param {string} path */
function addressOf(path) {
  return new URL(path, location.href).href;
}

/** @param {SharedCopy} copy */
function figuresOf({ steps, sentences, perplexity }) {
  const figures = [counted(steps, "step"), counted(sentences, "sentence")];
  if (perplexity !== null) figures.push(`perplexity\u00a0${perplexity.toFixed(2)}`);
  return figures.join(", ");
}

/**
 * @param {number} count
 * @param {string} what
 */
function counted(count, what) {
  return `${COUNT.format(count)}\u00a0${what}${count === 1 ? "" : "s"}`;
}
