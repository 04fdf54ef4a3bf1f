/** The previous runs seen by this page. A new network starts a new run. */

/** @import { State } from "../protocol" */
/** @import { Points, Values } from "./store.js" */

import { networkId } from "./network_id.js";

/** @typedef {{steps: number[], perplexities: Values, summary: string}} PreviousRun */
/**
 * @typedef {object} Runs
 * @property {readonly PreviousRun[]} previous oldest first
 * @property {string} difference how the current run differs from the previous one; empty for the first
 */

/** More lines would be indistinguishable. */
const MAX_RUNS = 5;
/** Enough for a line in the background. */
const MAX_POINTS = 300;

/** @type {Runs} */
export const NO_RUNS = { previous: [], difference: "" };

/**
 * The runs after a change of the network.
 *
 * @param {Runs} runs
 * @param {{net: State | null, points: Points}} before
 * @param {{net: State, points: Points}} now
 * @returns {Runs}
 */
export function runsAfter(runs, before, now) {
  if (!before.net || networkId(before.net) === networkId(now.net)) return runs;
  const finished = before.points.steps.length > 1 ? [previousRun(before.net, before.points)] : [];
  return {
    // A restored network continues its own curve.
    previous: [...runs.previous, ...finished]
      .filter((run) => !isBeginningOf(run, now.points))
      .slice(-MAX_RUNS),
    difference: ["A new network", ...changes(before.net, now.net)].join(", "),
  };
}

/**
 * @param {State} net
 * @param {Points} points
 * @returns {PreviousRun}
 */
function previousRun(net, { steps, perplexities }) {
  const last = perplexities.findLast((value) => value !== null);
  const perplexity = typeof last === "number" ? last.toFixed(2) : "none";
  return {
    steps: subsampled(steps),
    perplexities: subsampled(perplexities),
    summary: `${sizesOf(net)}: perplexity ${perplexity} after ${net.steps.toLocaleString("en")} steps`,
  };
}

/**
 * @template T
 * @param {readonly T[]} column
 * @returns {T[]}
 */
function subsampled(column) {
  const stride = Math.ceil(column.length / (MAX_POINTS - 1));
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
  if (before.text.checksum !== now.text.checksum) changed.push("another text");
  if (sizesOf(before) !== sizesOf(now)) changed.push(sizesOf(now));
  return changed;
}

/** @param {State} net */
function sizesOf({ options: { kind, hidden_sizes } }) {
  return `${kind} of ${hidden_sizes.join(", ")} units`;
}
