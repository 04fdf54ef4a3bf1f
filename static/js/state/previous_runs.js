/** The runs that this page has seen before the one it shows: a new network begins another. */

/** @import { State } from "../protocol" */
/** @import { Points, Values } from "./store.js" */

import { networkId } from "./network_id.js";

/** @typedef {{steps: number[], perplexities: Values, words: string}} PreviousRun */
/**
 * @typedef {object} Runs
 * @property {readonly PreviousRun[]} previous oldest first
 * @property {string} begun how the present one differs from the one before; empty for the first
 */

/** More lines could not be told from each other. */
const MOST_RUNS = 5;
/** A line in the background needs no more. */
const MOST_POINTS = 300;

/** @type {Runs} */
export const NO_RUNS = { previous: [], begun: "" };

/**
 * The runs when the network is another.
 *
 * @param {Runs} runs
 * @param {{net: State | null, points: Points}} before
 * @param {{net: State, points: Points}} now
 * @returns {Runs}
 */
export function runsAfter(runs, before, now) {
  if (!before.net || networkId(before.net) === networkId(now.net)) return runs;
  const left = before.points.steps.length > 1 ? [earlierRun(before.net, before.points)] : [];
  return {
    // A network that was brought back goes on with its own curve.
    previous: [...runs.previous, ...left]
      .filter((run) => !isBeginningOf(run, now.points))
      .slice(-MOST_RUNS),
    begun: ["A new network", ...changes(before.net, now.net)].join(", "),
  };
}

/**
 * @param {State} net
 * @param {Points} points
 * @returns {PreviousRun}
 */
function earlierRun(net, { steps, perplexities }) {
  const last = perplexities.findLast((value) => value !== null);
  const at = typeof last === "number" ? last.toFixed(2) : "none";
  return {
    steps: thinned(steps),
    perplexities: thinned(perplexities),
    words: `${inWords(net)}: perplexity ${at} after ${net.steps.toLocaleString("en")} steps`,
  };
}

/**
 * @template T
 * @param {readonly T[]} column
 * @returns {T[]}
 */
function thinned(column) {
  const stride = Math.ceil(column.length / (MOST_POINTS - 1));
  return column.filter((_, index) => index % stride === 0 || index === column.length - 1);
}

/**
 * @param {PreviousRun} run
 * @param {Points} points
 */
function isBeginningOf(run, { steps, perplexities }) {
  return run.steps[0] === steps[0] && run.perplexities[0] === perplexities[0];
}

/**
 * @param {State} before
 * @param {State} now
 */
function changes(before, now) {
  const changed = [];
  if (before.text !== now.text) changed.push("another text");
  if (inWords(before) !== inWords(now)) changed.push(inWords(now));
  return changed;
}

/** @param {State} net */
function inWords({ options: { kind, hidden_sizes } }) {
  return `${kind} of ${hidden_sizes.join(", ")} units`;
}
