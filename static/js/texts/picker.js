/** The choice of the training text: a built-in text, a file, or the user's own text. */

/** @import { Connection } from "../net/connection.js" */
/** @import { BuiltInText, StoredText } from "../protocol" */
/** @import { Entries, Store } from "../state/store.js" */

import { entriesOf } from "../state/store.js";
import { requireElement } from "../ui/dom.js";
import { onFileChoice, onFileDrop } from "../ui/file_drop.js";
import { DroppedModel } from "./dropped_model.js";
import { UploadProgress } from "./upload_progress.js";
import { charactersIn, isModel, readTexts } from "./files.js";

/** @import { TextRead } from "./files.js" */

/**
 * An unedited text; `stored` is what the server says of a long one.
 *
 * @typedef {{key: string, entries: Partial<Entries> & {text: string, checksum: string}, about: string, stored?: StoredText | null}} TextOption
 */

/** The option of the user's own text. */
const OWN = "";
const FILE = "file";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const select = requireElement(element, "#text_choice", HTMLSelectElement);
  const about = requireElement(element, "#text_about", HTMLElement);
  const choice = new TextChoice(select, about, connection.store);
  mountTexts(select, choice, connection);
  mountFiles(element, choice, connection);
}

/** The text in the box, and the user's own text that it replaced. */
class TextChoice {
  #select;
  #about;
  #store;
  /** @type {TextOption | null} the text in the box; null once it is edited */
  #chosen = null;
  /** @type {Entries | null} the user's own text, if another replaced it */
  #own = null;
  /** @type {Partial<Entries>} the last text that could be edited and was no option */
  #typed = { text: "", checksum: "" };
  /** @type {TextOption | null} */
  #file = null;
  /** @type {string | null} the option whose text is being fetched */
  #expected = null;

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
      ({ draft }) => draft.checksum || draft.text,
      () => {
        if (this.#chosen && !this.#holds(this.#chosen)) this.#show(null);
        const { draft } = store.page;
        if (!this.#chosen && !draft.checksum) this.#typed = draft;
      },
    );
  }

  /**
   * The text of an option is being fetched.
   *
   * @param {string} key
   */
  expect(key) {
    this.#expected = key;
  }

  /**
   * Whether an option still waits for its text: nothing else was selected or typed meanwhile.
   *
   * @param {string} key
   */
  expects(key) {
    return this.#expected === key;
  }

  /** @param {TextOption} chosen */
  use(chosen) {
    if (!this.#chosen) this.#own = this.#store.page.draft;
    this.#show(chosen);
    if (chosen.stored) this.#store.useStored(chosen.stored, chosen.entries.text);
    this.#write(chosen.entries);
  }

  selectOwn() {
    const isStored = this.#store.page.draft.checksum !== "";
    this.#show(null);
    if (this.#own) this.#write(this.#own);
    else if (isStored) this.#write(this.#typed); // the stored text cannot be edited
    this.#own = null;
  }

  /**
   * Use the text of a file, or of several, and add an option for it.
   *
   * @param {string} name
   * @param {TextRead} read
   */
  selectFile(name, { text, stored, remarks }) {
    const about = [`The text of ${name}.`, ...remarks].join(" ");
    this.#addFile(name, { text, checksum: stored?.checksum ?? "" }, about, stored);
    this.selectLastFile();
  }

  /** Add an option for the text of the network, if the page has only its beginning. */
  selectCurrent() {
    const { text, checksum } = this.#store.page.submitted;
    if (!checksum || this.#chosen || this.#store.page.draft.checksum !== checksum) return;
    this.#addFile("The current text", { text, checksum }, "The text of the current network.");
    this.#recognise(this.#file);
  }

  /**
   * @param {string} name
   * @param {{text: string, checksum: string}} entries
   * @param {string} about
   * @param {StoredText | null} [stored]
   */
  #addFile(name, entries, about, stored = null) {
    const option = this.#select.querySelector(`[value="${FILE}"]`) ?? new Option("", FILE);
    option.textContent = name;
    this.#select.options[0]?.after(option);
    this.#file = { key: FILE, entries, about, stored };
  }

  selectLastFile() {
    if (this.#file) this.use(this.#file);
  }

  /**
   * Select an option if the box holds its text.
   *
   * @param {TextOption} chosen
   */
  selectIfShown(chosen) {
    if (this.#holds(chosen) && !this.#chosen) this.#recognise(chosen);
  }

  /** The selected text cannot be loaded. */
  revert() {
    this.#show(this.#chosen);
  }

  /**
   * The network's text arrived. It does not replace a selection that waits for its own.
   *
   * @param {TextOption | null} chosen
   */
  #recognise(chosen) {
    if (this.#expected === null) this.#show(chosen);
    else this.#chosen = chosen;
  }

  /** @param {TextOption | null} chosen */
  #show(chosen) {
    this.#expected = null;
    this.#chosen = chosen;
    this.#select.value = chosen?.key ?? OWN;
    this.#about.textContent = chosen?.about ?? "";
  }

  /** @param {Partial<Entries>} entries */
  #write(entries) {
    for (const [name, value] of Object.entries(entries)) {
      if (value !== undefined) this.#store.editDraft(name, value);
    }
  }

  /**
   * Whether the box holds a text.
   *
   * @param {TextOption} option
   */
  #holds({ entries }) {
    const { text, checksum } = this.#store.page.draft;
    return text === entries.text && checksum === entries.checksum;
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {TextChoice} choice
 * @param {Connection} connection
 */
function mountTexts(select, choice, connection) {
  select.addEventListener("change", async () => {
    const name = select.value;
    if (name === OWN) return choice.selectOwn();
    if (name === FILE) return choice.selectLastFile();
    choice.expect(name);
    const answer = await connection.text(name);
    if (!choice.expects(name)) return;
    if (answer.ok) choice.use(optionFrom(name, answer));
    else choice.revert();
  });
  connection.store.watch(
    ({ submitted }) => submitted.checksum || submitted.text,
    () => {
      const { text, checksum } = connection.store.page.submitted;
      if (checksum) return choice.selectCurrent();
      const option = optionOf(select, text);
      if (!option) return;
      choice.selectIfShown({
        key: option.value,
        entries: { text, checksum },
        about: about(option),
      });
    },
  );
}

/**
 * The option whose length and checksum match a text: loading the built-in texts to compare them would
 * be slow.
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
 * @returns {TextOption}
 */
function optionFrom(name, text) {
  const { stored } = text;
  return {
    key: name,
    entries: entriesOf({ ...text, checksum: stored?.checksum ?? "" }),
    about: `${text.expect} ${text.measured}`.trim(),
    stored,
  };
}

/**
 * @param {HTMLElement} element
 * @param {TextChoice} choice
 * @param {Connection} connection
 */
function mountFiles(element, choice, connection) {
  const input = requireElement(element, "#textfile", HTMLInputElement);
  const model = new DroppedModel(element, connection);
  const most = Number(input.dataset.most);
  const progress = new UploadProgress(element);
  const open = async (/** @type {File[]} */ files) => {
    const [file] = files;
    if (!file) return;
    model.withdraw();
    if (files.length === 1 && (await isModel(file))) {
      connection.store.setFieldErrors({ text: "text" }, null);
      model.offer(file);
      return;
    }
    const answer = await progress.during(() =>
      readTexts(files, connection, most, (sent, share) => progress.show(sent.name, share)),
    );
    connection.store.setFieldErrors({ text: "text" }, answer.ok ? null : answer);
    if (answer.ok) choice.selectFile(nameOf(files), answer);
  };

  onFileDrop(requireElement(element, "#ti", HTMLTextAreaElement), open);
  onFileChoice(input, open);
}

/** @param {File[]} files */
function nameOf(files) {
  const [first] = files.map(({ name }) => name).toSorted();
  return files.length === 1 ? `${first}` : `${first} and ${files.length - 1} more`;
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
