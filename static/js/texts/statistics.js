/** Statistics of the text in the box, before it is learned, and the choice to leave out rare characters. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Page } from "../state/store.js" */

import { visibly } from "../format.js";
import { requireElement } from "../ui/dom.js";

/** From the last change of the text to its statistics. */
const DEBOUNCE_MS = 200;
/** A character with fewer occurrences is rare: a network hardly learns it. */
const RARE = 5;
/** Rare characters that are named. */
const MAX_NAMED = 40;

/** @typedef {{characters: number, lines: number, distinct: number, rare: string[], rare_count: number}} Statistics */

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, { store }) {
  const text = requireElement(element, "#text_statistics", HTMLElement);
  const rare = requireElement(element, "#text_rare", HTMLElement);
  const rareNames = requireElement(rare, "#text_rare_names", HTMLElement);
  const leaveOut = requireElement(rare, "#leave_out_rare", HTMLInputElement);

  const show = () => {
    const found = statisticsFor(store.page);
    text.textContent = found ? summaryOf(found, store.page) : sizeOf(store.page);
    rare.hidden = !found?.rare_count;
    if (rare.hidden) store.setLeavesOutRare(false);
    else if (found) rareNames.textContent = namesOf(found);
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let debounce;
  store.watch(
    ({ draft }) => draft.checksum || draft.text,
    () => {
      clearTimeout(debounce);
      debounce = setTimeout(show, DEBOUNCE_MS);
    },
  );
  leaveOut.addEventListener("change", () => store.setLeavesOutRare(leaveOut.checked));
  store.watch(
    (page) => page.leavesOutRare,
    (leavesOut) => {
      leaveOut.checked = leavesOut;
    },
  );
}

/**
 * The statistics of the text in the draft; null if the page does not have them.
 *
 * @param {Page} page
 * @returns {Statistics | null}
 */
function statisticsFor({ draft, stored }) {
  if (draft.checksum) return stored?.checksum === draft.checksum ? stored : null;
  return draft.text ? statisticsOf(draft.text) : null;
}

/**
 * The statistics of a text, as the server computes those of a long one.
 *
 * @param {string} text
 * @returns {Statistics}
 */
export function statisticsOf(text) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  let characters = 0;
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    characters++;
  }
  const rare = [...counts]
    .filter(([character, count]) => count < RARE && character !== "\n")
    .sort(([, one], [, other]) => one - other)
    .map(([character]) => character);
  const lines = (counts.get("\n") ?? 0) + (text.endsWith("\n") ? 0 : 1);
  return { characters, lines, distinct: counts.size, rare, rare_count: rare.length };
}

/**
 * @param {Statistics} statistics
 * @param {Page} page
 */
function summaryOf({ characters, lines, distinct }, { draft }) {
  const beginning = draft.checksum ? " The box shows the beginning." : "";
  return `${count(characters, "character")}, ${count(lines, "line")}, ${format(distinct)} distinct characters.${beginning}`;
}

/**
 * The size of a text of which the page has only the beginning.
 *
 * @param {Page} page
 */
function sizeOf({ draft, net }) {
  if (!draft.checksum || net?.text.checksum !== draft.checksum) return "";
  return `${count(net.text.characters, "character")}. The box shows the beginning.`;
}

/** @param {Statistics} statistics */
function namesOf({ rare, rare_count: total }) {
  const named = visibly(rare.slice(0, MAX_NAMED));
  const more = total > MAX_NAMED ? ` and ${format(total - MAX_NAMED)} more` : "";
  return `leave out ${count(total, "rare character")} (fewer than ${RARE} times): ${named}${more}`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${format(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** @param {number} number */
function format(number) {
  return number.toLocaleString("en");
}
