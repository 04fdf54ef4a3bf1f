/**
 * The page's state: the server's latest data, and entries not yet submitted. Panels watch the parts
 * that they show.
 */

/** @import { State, Frame, Notice, ErrorResult, StoredText, TextInfo } from "../protocol" */
/** @import { PageError } from "../messages.js" */
/** @import { Runs } from "./previous_runs.js" */

/** @import { LossUnit } from "../loss.js" */

import { LOSS_UNITS } from "../loss.js";
import { errorFrom, noticeOf } from "../messages.js";
import * as preferences from "./preferences.js";
import { NO_RUNS, runsAfter } from "./previous_runs.js";

/**
 * The text and options of a network, as entered. If the server stores the text, `checksum` is its
 * checksum and `text` its beginning; else `checksum` is empty.
 *
 * @typedef {{text: string, checksum: string, [option: string]: string}} Entries
 */
/** @typedef {"connecting" | "open" | "lost" | "refused"} Link */
/** @typedef {(number | null)[]} Values */
/** @typedef {{steps: number[], perplexities: Values, validation: Values, rates: Values, setRates: Values}} Points */
/** @typedef {{label: string, run: () => unknown}} Action the button of a notice */
/** @typedef {Notice & {action?: Action}} ActionNotice */
/** @typedef {ActionNotice & {number: number}} NumberedNotice */

/**
 * @typedef {object} Page
 * @property {Link} link to the server
 * @property {State | null} net the network's latest state; its curve is in `points`
 * @property {string | null} text the training text of `net`, or its beginning if the server stores
 *   it; null until it is here
 * @property {Points} points the perplexity curve
 * @property {Runs} runs the previous runs
 * @property {LossUnit} lossUnit the unit in which losses are shown
 * @property {number} clockAhead seconds by which this computer's clock is ahead of the server's
 * @property {Entries} draft the entries for the next network
 * @property {Entries} submitted the entries of the current network
 * @property {StoredText | null} stored the text that the server stored last for this page
 * @property {boolean} leavesOutRare whether the next network leaves out rare characters
 * @property {string} probeText the text that the network is inspected with
 * @property {Record<string, PageError>} fieldErrors by the field that shows them
 * @property {readonly NumberedNotice[]} notices oldest first
 */

/** @type {Entries} */
const NO_ENTRIES = { text: "", checksum: "" };

/** The entry of an option whose value the server chooses. */
const AUTO = "auto";

/** @type {Points} */
const NO_POINTS = { steps: [], perplexities: [], validation: [], rates: [], setRates: [] };

/** The preference for a unit. */
const LOSS_UNIT = "loss_unit";

/** More would cover the page. */
const MAX_NOTICES = 3;

export class Store {
  /** @type {Page} */
  page = {
    link: "connecting",
    net: null,
    text: null,
    points: NO_POINTS,
    runs: NO_RUNS,
    lossUnit: preferredLossUnit(),
    clockAhead: 0,
    draft: NO_ENTRIES,
    submitted: NO_ENTRIES,
    stored: null,
    leavesOutRare: false,
    probeText: "",
    fieldErrors: {},
    notices: [],
  };

  #curveVersion = -1;
  #noticesSoFar = 0;
  /** @type {((page: Page) => void)[]} */
  #watchers = [];

  /**
   * Call `show` with a part of the page's state, now and whenever that part changes.
   *
   * @template T
   * @param {(page: Page) => T} pick
   * @param {(part: T) => void} show
   */
  watch(pick, show) {
    let last = pick(this.page);
    show(last);
    this.#watchers.push((page) => {
      const part = pick(page);
      if (Object.is(part, last)) return;
      last = part;
      show(part);
    });
  }

  /** @param {Link} link */
  setLink(link) {
    this.#change({ link });
  }

  /**
   * Replace the network's state. Entries that the user has edited stay; all do, if the server has
   * lost the session, to train on them again.
   *
   * @param {State} state
   */
  replace(state) {
    const { submitted, runs, net, draft } = this.page;
    const isLost = net !== null && net.session !== state.session;
    if (isLost) this.notify(noticeOf("warning", "session_lost"));
    const text = this.#knownText(state.text);
    // Until the text is here, it counts as unedited; if the session is lost, as edited, unless the
    // page did not have the old one either.
    const hadText = this.page.text !== null || draft.text !== submitted.text;
    const textSoFar = text ?? (isLost && hadText ? state.text.beginning : submitted.text);
    const checksum = state.text.stored ? state.text.checksum : "";
    const entries = entriesOf({ text: textSoFar, checksum, options: state.options });
    this.#curveVersion = -1;
    const points = this.#extended(state.curve);
    this.#change({
      net: state,
      text,
      ...(isLost ? { submitted: entries } : this.#filledIn(entries)),
      points,
      runs: runsAfter(runs, this.page, { net: state, points }),
      clockAhead: Date.now() / 1000 - state.now,
    });
  }

  /**
   * Set the whole training text. Ignored if the network has another by now.
   *
   * @param {string} checksum
   * @param {string} text
   */
  setText(checksum, text) {
    const { net, submitted } = this.page;
    if (net?.text.checksum !== checksum) return;
    const entries = { ...submitted, ...entriesOf({ text, checksum: "", options: {} }) };
    this.#change({ text, ...this.#filledIn(entries) });
  }

  /**
   * Apply the changes of a frame.
   *
   * @param {Frame} frame
   */
  merge(frame) {
    const { net, points } = this.page;
    if (!net) return;
    const { seq: _, curve, ...changes } = frame;
    this.#change({
      net: { ...net, ...changes },
      points: curve ? this.#extended(curve) : points,
    });
  }

  /**
   * Set an entry of the draft, and clear its error.
   *
   * @param {string} name
   * @param {string} value
   */
  editDraft(name, value) {
    if (value === this.page.draft[name]) return;
    const { [name]: _, ...fieldErrors } = this.page.fieldErrors;
    this.#change({ draft: { ...this.page.draft, [name]: value }, fieldErrors });
  }

  /**
   * Use a text that the server has stored for the next network.
   *
   * @param {StoredText} stored
   * @param {string} beginning
   */
  useStored(stored, beginning) {
    const { text: _, ...fieldErrors } = this.page.fieldErrors;
    const draft = { ...this.page.draft, text: beginning, checksum: stored.checksum };
    this.#change({ stored, draft, fieldErrors });
  }

  /** @param {boolean} leavesOutRare */
  setLeavesOutRare(leavesOutRare) {
    this.#change({ leavesOutRare });
  }

  /** @param {LossUnit} lossUnit */
  setLossUnit(lossUnit) {
    preferences.set(LOSS_UNIT, lossUnit);
    this.#change({ lossUnit });
  }

  /** @param {string} text */
  setProbeText(text) {
    this.#change({ probeText: text });
  }

  /** @param {Entries} entries that the server has accepted */
  markSubmitted(entries) {
    this.#change({ submitted: entries, leavesOutRare: false });
  }

  /**
   * Show an error at its field, and clear the other fields. An error without a field becomes a
   * notice.
   *
   * @param {Readonly<Record<string, string>>} errorFields the page's field, by the request's field
   * @param {ErrorResult | null} refused
   */
  setFieldErrors(errorFields, refused) {
    const fieldErrors = { ...this.page.fieldErrors };
    for (const field of Object.values(errorFields)) delete fieldErrors[field];
    const field = refused?.field ? errorFields[refused.field] : undefined;
    if (refused && field) fieldErrors[field] = this.#fieldError(field, refused);
    else if (refused) this.notify({ level: "error", ...errorFrom(refused) });
    this.#change({ fieldErrors });
  }

  /**
   * Show a notice. It replaces a notice with the same code.
   *
   * @param {ActionNotice} notice
   */
  notify(notice) {
    const others = this.page.notices.filter(({ code }) => code !== notice.code);
    const numbered = { ...notice, number: ++this.#noticesSoFar };
    this.#change({ notices: [...others, numbered].slice(-MAX_NOTICES) });
  }

  /** @param {string} code */
  removeNotice(code) {
    this.#change({ notices: this.page.notices.filter((notice) => notice.code !== code) });
  }

  /** @param {number} number */
  dismiss(number) {
    this.#change({ notices: this.page.notices.filter((notice) => notice.number !== number) });
  }

  /**
   * The text of a new state, if the page has as much of it as it needs.
   *
   * @param {TextInfo} info
   */
  #knownText({ checksum, characters, beginning, stored }) {
    const { net, text } = this.page;
    if (stored || [...beginning].length === characters) return beginning;
    return net?.text.checksum === checksum ? text : null;
  }

  /**
   * The entries of the current network, and the draft with those that the user has not edited.
   *
   * @param {Entries} entries
   * @returns {Pick<Page, "draft" | "submitted">}
   */
  #filledIn(entries) {
    const { draft, submitted } = this.page;
    const next = { ...draft };
    for (const [name, value] of Object.entries(entries)) {
      if (draft[name] === submitted[name]) next[name] = value;
    }
    return { draft: next, submitted: entries };
  }

  /**
   * The error to show at a field. An unchanged error stays the same object, so that it is not
   * announced again.
   *
   * @param {string} field
   * @param {ErrorResult} refused
   * @returns {PageError}
   */
  #fieldError(field, refused) {
    const error = errorFrom(refused);
    const shown = this.page.fieldErrors[field];
    return shown?.code === error.code && shown.message === error.message ? shown : error;
  }

  /**
   * The curve with new points. A new version replaces it.
   *
   * @param {import("../protocol").Curve} curve
   * @returns {Points}
   */
  #extended({ version, start, points }) {
    const { steps, perplexities, validation, rates, setRates } = this.page.points;
    const kept = version === this.#curveVersion ? start : 0;
    this.#curveVersion = version;
    return {
      steps: [...steps.slice(0, kept), ...points.map(([step]) => step)],
      perplexities: [...perplexities.slice(0, kept), ...points.map(([, value]) => value)],
      validation: [...validation.slice(0, kept), ...points.map(([, , value]) => value)],
      rates: [...rates.slice(0, kept), ...points.map(([, , , value]) => value)],
      setRates: [...setRates.slice(0, kept), ...points.map(([, , , , value]) => value)],
    };
  }

  /** @param {Partial<Page>} change */
  #change(change) {
    this.page = { ...this.page, ...change };
    for (const notify of this.#watchers) notify(this.page);
  }
}

/** @returns {LossUnit} */
function preferredLossUnit() {
  const stored = preferences.get(LOSS_UNIT, /** @type {string} */ (""));
  return LOSS_UNITS.find((unit) => unit === stored) ?? "perplexity";
}

/**
 * Whether the draft differs from the entries of the current network.
 *
 * @param {Page} page
 */
export function isEdited({ draft, submitted, leavesOutRare }) {
  return leavesOutRare || Object.keys(draft).some((name) => draft[name] !== submitted[name]);
}

/**
 * The entries for a text and its options.
 *
 * @param {{text: string, checksum: string, options: Partial<State["options"]>}} network
 * @returns {Entries}
 */
export function entriesOf({ text, checksum, options }) {
  const entries = Object.entries(options).map(([name, value]) => [name, asEntry(value)]);
  // The value of a textarea has no carriage returns.
  return { text: text.replace(/\r\n?/g, "\n"), checksum, ...Object.fromEntries(entries) };
}

/** @param {number[] | number | string | boolean | null} value */
function asEntry(value) {
  return Array.isArray(value) ? value.join(", ") : String(value ?? AUTO);
}
