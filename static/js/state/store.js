/**
 * The one place that holds what the page knows: what the server said last, and what the person has
 * written but not yet sent. Panels watch the parts they show.
 */

/** @import { State, Frame, Notice, ErrorResult } from "../protocol" */
/** @import { PageError } from "../messages.js" */
/** @import { Runs } from "./previous_runs.js" */

import { errorFrom } from "../messages.js";
import { NO_RUNS, runsAfter } from "./previous_runs.js";

/** @typedef {{text: string, [option: string]: string}} Entries What a new network is made from, as written. */
/** @typedef {"connecting" | "open" | "lost"} Link */
/** @typedef {(number | null)[]} Values */
/** @typedef {{steps: number[], perplexities: Values, heldOut: Values, rates: Values, setRates: Values}} Points */
/** @typedef {{words: string, run: () => unknown}} Action what can be done about something */
/** @typedef {Notice & {action?: Action}} OwnNotice a sentence of the page's own, or the server's */
/** @typedef {OwnNotice & {number: number}} NumberedNotice */

/**
 * @typedef {object} Page
 * @property {Link} link whether the server can be reached
 * @property {State | null} net what the server said last; its curve is in `points`
 * @property {Points} points the perplexity curve
 * @property {Runs} runs the curves of the networks before
 * @property {number} clockAhead seconds that this computer's clock is ahead of the server's
 * @property {Entries} draft what a new network would be made from
 * @property {Entries} submitted what the server's network was made from
 * @property {string} probeText the text that the network is looked at with
 * @property {Record<string, PageError>} fieldErrors what is wrong, by the place that shows it
 * @property {readonly NumberedNotice[]} notices what the person should know, oldest first
 */

/** @type {Entries} */
const NO_ENTRIES = { text: "" };

/** How the server's choice is written where a number may be. */
const AUTO = "auto";

/** @type {Points} */
const NO_POINTS = { steps: [], perplexities: [], heldOut: [], rates: [], setRates: [] };

/** More would cover the page. */
const MAX_NOTICES = 3;

export class Store {
  /** @type {Page} */
  page = {
    link: "connecting",
    net: null,
    points: NO_POINTS,
    runs: NO_RUNS,
    clockAhead: 0,
    draft: NO_ENTRIES,
    submitted: NO_ENTRIES,
    probeText: "",
    fieldErrors: {},
    notices: [],
  };

  #curveVersion = -1;
  #noticesSoFar = 0;
  /** @type {((page: Page) => void)[]} */
  #watchers = [];

  /**
   * Show a part of what the page knows, now and whenever that part is another.
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
   * Take in everything the server says of a network.
   *
   * @param {State} state
   */
  replace(state) {
    const told = entriesOf(state);
    const { draft, submitted, runs } = this.page;
    const next = { ...draft };
    for (const [name, value] of Object.entries(told)) {
      if (draft[name] === submitted[name]) next[name] = value; // else the person is at it
    }
    this.#curveVersion = -1;
    const points = this.#extended(state.curve);
    this.#change({
      net: state,
      draft: next,
      submitted: told,
      points,
      runs: runsAfter(runs, this.page, { net: state, points }),
      clockAhead: Date.now() / 1000 - state.now,
    });
  }

  /**
   * Take in what has changed.
   *
   * @param {Frame} frame
   */
  merge(frame) {
    const { net, points } = this.page;
    if (!net) return;
    const { seq: _, curve, ...news } = frame;
    this.#change({
      net: { ...net, ...news },
      points: curve ? this.#extended(curve) : points,
    });
  }

  /**
   * Something was entered: what was wrong with what stood there is so no longer.
   *
   * @param {string} name
   * @param {string} value
   */
  editDraft(name, value) {
    if (value === this.page.draft[name]) return;
    const { [name]: _, ...fieldErrors } = this.page.fieldErrors;
    this.#change({ draft: { ...this.page.draft, [name]: value }, fieldErrors });
  }

  /** @param {string} text what the network is looked at with from now on */
  setProbeText(text) {
    this.#change({ probeText: text });
  }

  /**
   * The server has taken these entries: they are no longer the person's alone.
   *
   * @param {Entries} entries
   */
  markSubmitted(entries) {
    this.#change({ submitted: entries });
  }

  /**
   * Show what was wrong at the place of the field at fault, and clear the other places. What has
   * no place is shown as a notice.
   *
   * @param {Readonly<Record<string, string>>} places of what was sent: the fault's name, by field
   * @param {ErrorResult | null} refused
   */
  setFieldErrors(places, refused) {
    const fieldErrors = { ...this.page.fieldErrors };
    for (const place of Object.values(places)) delete fieldErrors[place];
    const place = refused?.field ? places[refused.field] : undefined;
    if (refused && place) fieldErrors[place] = this.#faultAt(place, refused);
    else if (refused) this.notify({ level: "error", ...errorFrom(refused) });
    this.#change({ fieldErrors });
  }

  /**
   * Show a notice; of each code there is one at most, the newest.
   *
   * @param {OwnNotice} notice
   */
  notify(notice) {
    const others = this.page.notices.filter(({ code }) => code !== notice.code);
    const numbered = { ...notice, number: ++this.#noticesSoFar };
    this.#change({ notices: [...others, numbered].slice(-MAX_NOTICES) });
  }

  /**
   * A notice holds no longer.
   *
   * @param {string} code
   */
  removeNotice(code) {
    this.#change({ notices: this.page.notices.filter((notice) => notice.code !== code) });
  }

  /** @param {number} number */
  dismiss(number) {
    this.#change({ notices: this.page.notices.filter((notice) => notice.number !== number) });
  }

  /**
   * A fault that is shown already stays the same object: it is not to be read out again.
   *
   * @param {string} place
   * @param {ErrorResult} refused
   * @returns {PageError}
   */
  #faultAt(place, refused) {
    const fault = errorFrom(refused);
    const shown = this.page.fieldErrors[place];
    return shown?.code === fault.code && shown.message === fault.message ? shown : fault;
  }

  /**
   * The curve with what the server adds to it; a new version takes its place.
   *
   * @param {import("../protocol").Curve} curve
   * @returns {Points}
   */
  #extended({ version, start, points }) {
    const { steps, perplexities, heldOut, rates, setRates } = this.page.points;
    const kept = version === this.#curveVersion ? start : 0;
    this.#curveVersion = version;
    return {
      steps: [...steps.slice(0, kept), ...points.map(([step]) => step)],
      perplexities: [...perplexities.slice(0, kept), ...points.map(([, value]) => value)],
      heldOut: [...heldOut.slice(0, kept), ...points.map(([, , value]) => value)],
      rates: [...rates.slice(0, kept), ...points.map(([, , , value]) => value)],
      setRates: [...setRates.slice(0, kept), ...points.map(([, , , , value]) => value)],
    };
  }

  /** @param {Partial<Page>} change */
  #change(change) {
    this.page = { ...this.page, ...change };
    for (const tell of this.#watchers) tell(this.page);
  }
}

/**
 * Whether the person has written something that the network was not made from.
 *
 * @param {Page} page
 */
export function isEdited({ draft, submitted }) {
  return Object.keys(draft).some((name) => draft[name] !== submitted[name]);
}

/**
 * A text and its options as the page's fields hold them.
 *
 * @param {Pick<State, "text" | "options">} told
 * @returns {Entries}
 */
export function entriesOf({ text, options }) {
  const entries = Object.entries(options).map(([name, value]) => [name, asWritten(value)]);
  // A textarea holds a text without carriage returns.
  return { text: text.replace(/\r\n?/g, "\n"), ...Object.fromEntries(entries) };
}

/** @param {number[] | number | string | null} value */
function asWritten(value) {
  return Array.isArray(value) ? value.join(", ") : String(value ?? AUTO);
}
