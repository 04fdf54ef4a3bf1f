/** The steps of the tour: what each says and points at, and how it is done for the visitor. */

/** @import { Page } from "../state/store.js" */

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(page: Page) => string} words
 * @property {string} target selector of the element that it points at
 * @property {string} [opens] selector of the panel that it opens
 * @property {string} [control] selector of the control that the visitor uses
 * @property {string} [action] the button that uses it for the visitor; none: there is nothing to do
 * @property {Move} [move] how it is used
 * @property {string} [outcome] what to look at afterwards
 */

/**
 * How a control is used: a slider is moved, relative to where it was when the tour began, and the
 * step is done beyond `from`; a text is typed; or a button is pressed as soon as there is one.
 *
 * @typedef {{kind: "slide", by: number, from: number} | {kind: "type", text: (page: Page) => string} | {kind: "press"}} Move
 */

/** Characters of the prompt, if the text has no words. */
const PROMPT_CHARACTERS = 5;
const PROBE_CHARACTERS = 80;

/** @type {Step[]} */
export const STEPS = [
  {
    title: "It learns while you watch",
    words: ({ points }) =>
      `Perplexity is the number of characters that the network hesitates between. ${fallOf(points.perplexities)}`,
    target: ".curve",
  },
  {
    title: "Slow it down",
    words: () =>
      "The learning rate is the size of a step. Move the slider to the left: the steps get smaller.",
    target: "#panel_controls .slider-field",
    control: "#lr_slider",
    action: "lower it for me",
    move: { kind: "slide", by: -1, from: -0.5 },
    outcome: "The curve becomes smoother, and its fall slower: it takes smaller steps.",
  },
  {
    title: "Bring it back",
    words: () => "Now move the learning rate back to where it was.",
    target: "#panel_controls .slider-field",
    control: "#lr_slider",
    action: "bring it back",
    move: { kind: "slide", by: 0, from: -0.25 },
    outcome: "It learns as fast as before. If a network goes astray, a lower rate helps.",
  },
  {
    title: "Turn the temperature down",
    words: () =>
      "Each sample is drawn from the network’s probabilities. A low temperature draws only what is most probable.",
    target: "#panel_samples",
    control: "#temperature_slider",
    action: "turn it down",
    move: { kind: "slide", by: -0.5, from: -0.3 },
    outcome: "The samples become careful, and much alike.",
  },
  {
    title: "Turn it up",
    words: () => "A high temperature takes the improbable, too.",
    target: "#panel_samples",
    control: "#temperature_slider",
    action: "turn it up",
    move: { kind: "slide", by: 0.4, from: 0.2 },
    outcome: "The samples become wild. The tour turns it back when you go on.",
  },
  {
    title: "Begin a sentence",
    words: () => "Type a beginning, and the network completes it.",
    target: "#panel_complete",
    control: "#complete_prime",
    action: "type one for me",
    move: { kind: "type", text: promptFrom },
    outcome: "Three ways to go on, and below them the most probable sentences.",
  },
  {
    title: "What surprises it?",
    words: () =>
      "Enter a sentence to see it through the network’s eyes: the darker a character, the less it was expected.",
    target: "#panel_reading",
    opens: "#panel_surprise",
    control: "#look_text",
    action: "enter one with a mistake",
    move: { kind: "type", text: misspelt },
    outcome: "The last word stands backwards, and is dark.",
  },
  {
    title: "A unit that follows the spaces",
    words: () =>
      "Some units find out for themselves where a word begins. The list has those that follow the position in the word: press one.",
    target: "#units_one",
    opens: "#panel_units",
    control: "#units_finding li:not([hidden]) > .found-unit",
    action: "show me the best",
    move: { kind: "press" },
    outcome: "The text is coloured by what the unit does: it changes at every space.",
  },
  {
    title: "Now it is yours",
    words: () =>
      "Put your own sentences here, choose a size, and press learn. What you train stays yours: save it, share it, come back to it.",
    target: "#panel_sentences",
  },
];

/** @param {(number | null)[]} perplexities of the curve */
function fallOf(perplexities) {
  const known = perplexities.filter((value) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || last >= first) return "Here it falls.";
  return `It has fallen from ${first.toFixed(1)} to ${last.toFixed(1)}.`;
}

/** @param {Page} page */
function lineOf({ net, text }) {
  const lines = (text ?? net?.text.beginning ?? "").split("\n");
  return lines.find((line) => line.trim())?.trim() ?? "";
}

/**
 * The first words of the training text, which the network can read for sure.
 *
 * @param {Page} page
 */
function promptFrom(page) {
  const line = lineOf(page);
  return line.match(/^\S+\s/)?.[0] ?? [...line].slice(0, PROMPT_CHARACTERS).join("");
}

/**
 * A line of the training text with its last word backwards.
 *
 * @param {Page} page
 */
function misspelt(page) {
  const words = [...lineOf(page)].slice(0, PROBE_CHARACTERS).join("").split(" ");
  const last = [...(words.pop() ?? "")].reverse().join("");
  return [...words, last].join(" ");
}
