/** Which text is in the box: one that charnn brings along, a file's, or the person's own. */

/** @import { Connection } from "../net/connection.js" */
/** @import { BuiltInText } from "../protocol" */
/** @import { Entries, Store } from "../state/store.js" */
/** @import { Limits } from "./text_file.js" */

import { refusalOf } from "../messages.js";
import { entriesOf } from "../state/store.js";
import { requireElement } from "../ui/dom.js";
import { onFileDrop } from "../ui/file_drop.js";
import { charactersIn, readText } from "./text_file.js";

/** @typedef {{key: string, entries: Entries, about: string}} Chosen a text as it came */

/** The value of the person's own text among those to choose from. */
const OWN = "";
const FILE = "file";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const select = requireElement(element, "#text_choice", HTMLSelectElement);
  const about = requireElement(element, "#text_about", HTMLElement);
  const choice = new Choice(select, about, connection.store);
  mountTexts(select, choice, connection);
  mountFiles(element, choice, connection.store);
}

/** What the box holds, and what it held before. */
class Choice {
  #select;
  #about;
  #store;
  /** @type {Chosen | null} what the box holds, for as long as it is as it came */
  #chosen = null;
  /** @type {Entries | null} the person's own, in whose place another text was put */
  #own = null;
  /** @type {Chosen | null} */
  #file = null;

  /**
   * @param {HTMLSelectElement} select
   * @param {HTMLElement} about
   * @param {Store} store
   */
  constructor(select, about, store) {
    this.#select = select;
    this.#about = about;
    this.#store = store;
    store.watch(
      (page) => page.draft.text,
      (text) => {
        if (this.#chosen && text !== this.#chosen.entries.text) this.#show(null);
      },
    );
  }

  /** @param {Chosen} chosen */
  put(chosen) {
    if (!this.#chosen) this.#own = this.#store.page.draft;
    this.#show(chosen);
    this.#write(chosen.entries);
  }

  putOwn() {
    this.#show(null);
    if (this.#own) this.#write(this.#own);
    this.#own = null;
  }

  /**
   * A file's text, which from now on can be chosen again.
   *
   * @param {string} name
   * @param {string} text
   */
  putFile(name, text) {
    const option = this.#select.querySelector(`[value="${FILE}"]`) ?? new Option("", FILE);
    option.textContent = name;
    this.#select.options[0]?.after(option);
    this.#file = { key: FILE, entries: { text }, about: `As it is in ${name}.` };
    this.put(this.#file);
  }

  putFileAgain() {
    if (this.#file) this.put(this.#file);
  }

  /**
   * The box may hold it already.
   *
   * @param {Chosen} chosen
   */
  recognise(chosen) {
    const isIt = this.#store.page.draft.text === chosen.entries.text;
    if (isIt && !this.#chosen) this.#show(chosen);
  }

  /** What was chosen cannot be had. */
  stay() {
    this.#show(this.#chosen);
  }

  /** @param {Chosen | null} chosen */
  #show(chosen) {
    this.#chosen = chosen;
    this.#select.value = chosen?.key ?? OWN;
    this.#about.textContent = chosen?.about ?? "";
  }

  /** @param {Entries} entries */
  #write(entries) {
    for (const [name, value] of Object.entries(entries)) {
      this.#store.editDraft(name, value);
    }
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {Choice} choice
 * @param {Connection} connection
 */
function mountTexts(select, choice, connection) {
  select.addEventListener("change", async () => {
    const name = select.value;
    if (name === OWN) return choice.putOwn();
    if (name === FILE) return choice.putFileAgain();
    const answer = await connection.text(name);
    if (select.value !== name) return; // meanwhile something else was chosen or written
    if (answer.ok) choice.put(chosenFrom(name, answer));
    else choice.stay();
  });
  connection.store.watch(
    (page) => page.submitted.text,
    (text) => {
      const option = optionOf(select, text);
      if (option) choice.recognise({ key: option.value, entries: { text }, about: about(option) });
    },
  );
}

/**
 * The option of a text that a network is learning, if it is one of them. The page is told how long
 * each is and its checksum: fetching it to compare would be a twelfth of all that a page fetches.
 *
 * @param {HTMLSelectElement} select
 * @param {string} text
 */
function optionOf(select, text) {
  const characters = String(charactersIn(text));
  return [...select.options].find(
    ({ dataset }) =>
      dataset.characters === characters && dataset.checksum === String(checksum(text)),
  );
}

/** @param {HTMLOptionElement} option */
function about({ dataset }) {
  return dataset.about ?? "";
}

/**
 * @param {string} name
 * @param {BuiltInText} text
 * @returns {Chosen}
 */
function chosenFrom(name, text) {
  return { key: name, entries: entriesOf(text), about: `${text.expect} ${text.measured}`.trim() };
}

/**
 * @param {HTMLElement} element
 * @param {Choice} choice
 * @param {Store} store
 */
function mountFiles(element, choice, store) {
  const input = requireElement(element, "#textfile", HTMLInputElement);
  /** @type {Limits} */
  const limits = {
    characters: Number(input.dataset.mostCharacters),
    line: Number(input.dataset.longestLine),
  };
  const open = async (/** @type {File[]} */ files) => {
    const [file] = files;
    if (!file) return;
    const answer =
      files.length > 1 ? refusalOf("several_files", "text", limits) : await readText(file, limits);
    store.setFieldErrors({ text: "text" }, answer.ok ? null : answer);
    if (answer.ok) choice.putFile(file.name, answer.text);
  };

  onFileDrop(requireElement(element, "#ti", HTMLTextAreaElement), open);
  input.addEventListener("change", async () => {
    await open([...(input.files ?? [])]);
    input.value = ""; // so that choosing the same file again is a change too
  });
}

const MODULUS = 65_521;

/** @param {string} text */
export function checksum(text) {
  let [sum, sums] = [1, 0];
  for (const byte of new TextEncoder().encode(text)) {
    sum = (sum + byte) % MODULUS;
    sums = (sums + sum) % MODULUS;
  }
  return sums * 65_536 + sum;
}
