/** Links to frozen copies of the network: made, copied and withdrawn. */

/** @import { Connection } from "../net/connection.js" */
/** @import { SharedCopy, ErrorResult } from "../protocol" */

import { serverPath } from "../net/http.js";
import { isBusy, newElement, requireElement, withBusy } from "../ui/dom.js";
import { bindFieldError } from "../ui/field_error.js";

const DATE_FORMAT = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
const NUMBER_FORMAT = new Intl.NumberFormat("en");

/** @typedef {"ready" | "busy" | "shared" | "copied" | "selected" | "withdrawn" | "refused"} SharingState */
/** @typedef {(state: SharingState, text?: string) => void} Show shows the outcome of a button */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const button = requireElement(element, "#share", HTMLButtonElement);
  const outcome = requireElement(element, "#share_outcome", HTMLElement);
  /** @type {Show} */
  const show = (state, text = "") => {
    element.dataset.state = state;
    outcome.textContent = text;
  };
  const link = new Link(element, show);
  const list = new Copies(element, connection, show, (path) => {
    link.hide(path);
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
    show("shared", "Shared. Anyone with the link can open this copy.");
    await list.refresh();
  });
  list.loadWhenVisible();
}

/** The newest link, and the button that copies it. */
class Link {
  #container;
  #input;
  #show;

  /**
   * @param {HTMLElement} element
   * @param {Show} show
   */
  constructor(element, show) {
    this.#container = requireElement(element, "#share_link", HTMLElement);
    this.#input = requireElement(element, "#share_address", HTMLInputElement);
    this.#show = show;
    this.#input.addEventListener("focus", () => this.#input.select());
    requireElement(element, "#copy_link", HTMLButtonElement).addEventListener("click", () =>
      this.#copy(),
    );
  }

  /** @param {string} path */
  show(path) {
    this.#input.value = urlOf(path);
    this.#container.hidden = false;
  }

  /** @param {string} path of a withdrawn copy */
  hide(path) {
    if (this.#input.value === urlOf(path)) this.#container.hidden = true;
  }

  /** Browsers allow access to the clipboard only over HTTPS. */
  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#input.value);
      this.#show("copied", "Link copied.");
    } catch {
      this.#input.focus();
      this.#input.select();
      this.#show("selected", "The link is selected. Copy it with your browser.");
    }
  }
}

/** The list of copies that this session has shared. */
class Copies {
  #element;
  #list;
  #connection;
  #show;
  #onWithdrawn;
  #lastRequest = 0;
  #hasListError = false;
  /** @type {Map<string, HTMLElement>} by id */
  #items = new Map();

  /**
   * @param {HTMLElement} element
   * @param {Connection} connection
   * @param {Show} show
   * @param {(path: string) => void} onWithdrawn called after a copy was withdrawn
   */
  constructor(element, connection, show, onWithdrawn) {
    this.#element = element;
    this.#list = requireElement(element, "#copies", HTMLUListElement);
    this.#connection = connection;
    this.#show = show;
    this.#onWithdrawn = onWithdrawn;
  }

  /** Load the list when it becomes visible: most users share nothing. */
  loadWhenVisible() {
    const { store } = this.#connection;
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      store.watch(
        (page) => page.link === "open",
        (isOpen) => {
          if (isOpen) this.refresh();
        },
      );
    });
    observer.observe(this.#element);
  }

  async refresh() {
    const request = ++this.#lastRequest;
    const answer = await this.#connection.query("shares", {});
    if (request !== this.#lastRequest) return; // a later request is newer
    this.#showListError(answer.ok || !answer.field ? null : answer);
    if (answer.ok) this.#render(answer.copies);
  }

  /**
   * Show why the list cannot be loaded. Errors of sharing and withdrawing use the same field, and stay.
   *
   * @param {ErrorResult | null} refused
   */
  #showListError(refused) {
    if (refused || this.#hasListError)
      this.#connection.store.setFieldErrors({ id: "share" }, refused);
    this.#hasListError = refused !== null;
  }

  /**
   * Existing items are reused, so that they keep the focus.
   *
   * @param {SharedCopy[]} copies newest first
   */
  #render(copies) {
    const ids = new Set(copies.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (ids.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    for (const copy of [...copies].reverse()) {
      if (this.#items.has(copy.id)) continue;
      const item = this.#newItem(copy);
      this.#items.set(copy.id, item);
      this.#list.prepend(item);
    }
    this.#list.hidden = copies.length === 0;
  }

  /** @param {SharedCopy} copy */
  #newItem(copy) {
    const item = document.createElement("li");
    const link = newElement("a", "", DATE_FORMAT.format(copy.created * 1000));
    link.href = urlOf(copy.path);
    const withdraw = newElement("button", "button", "withdraw");
    withdraw.type = "button";
    withdraw.setAttribute("aria-label", `withdraw the copy of ${link.textContent}`);
    withdraw.addEventListener("click", () => this.#withdraw(copy, withdraw));
    const text = newElement("p", "copy");
    text.append(link, " ", newElement("span", "copy-figures", detailsOf(copy)));
    item.append(text, withdraw);
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
    if (answer.ok) this.#show("withdrawn", "Withdrawn. The link no longer works.");
    else this.#show("refused");
    if (answer.ok) this.#onWithdrawn(path);
    await this.refresh(); // another tab may have withdrawn it
  }
}

/** @param {string} path */
function urlOf(path) {
  return new URL(serverPath(path), location.href).href;
}

/** @param {SharedCopy} copy */
function detailsOf({ steps, sentences, perplexity }) {
  const details = [pluralized(steps, "step"), pluralized(sentences, "sentence")];
  if (perplexity !== null) details.push(`perplexity\u00a0${perplexity.toFixed(2)}`);
  return details.join(", ");
}

/**
 * @param {number} count
 * @param {string} noun
 */
function pluralized(count, noun) {
  return `${NUMBER_FORMAT.format(count)}\u00a0${noun}${count === 1 ? "" : "s"}`;
}
