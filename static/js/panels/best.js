/** The weights with the lowest validation loss so far: to load, to save, and to sample from. */

/** @import { Connection } from "../net/connection.js" */
/** @import { Page } from "../state/store.js" */

import { lossIn, lossText } from "../loss.js";
import { errorFrom } from "../messages.js";
import { showError } from "../ui/field_error.js";
import { requireElement, withBusy } from "../ui/dom.js";

const LENGTH = 100;

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const root = requireElement(element, "#best", HTMLElement);
  const text = requireElement(root, "#best_loss", HTMLElement);
  const sampled = requireElement(root, "#best_text", HTMLElement);
  const error = requireElement(root, "#best_error", HTMLElement);
  const load = requireElement(root, "#best_load", HTMLButtonElement);
  const sample = requireElement(root, "#best_sample", HTMLButtonElement);

  store.watch(summaryOf, (summary) => {
    root.hidden = summary === "";
    text.textContent = summary;
  });
  store.watch(
    ({ net }) => net?.version,
    () => {
      sampled.textContent = "";
      showError(error, null);
    },
  );
  load.addEventListener("click", () => withBusy(load, () => connection.request("load_best", {})));
  sample.addEventListener("click", async () => {
    const request = requestOf(store.page);
    const answer = await withBusy(sample, () => connection.query("complete", request));
    showError(error, answer.ok ? null : errorFrom(answer));
    if (answer.ok) sampled.textContent = request.prime + (answer.completions[0]?.text ?? "");
  });
}

/** @param {Page} page */
function summaryOf({ net, lossUnit }) {
  if (!net?.best) return "";
  const unit = lossUnit === "perplexity" ? "nats" : lossUnit; // in which losses are compared
  const loss = lossText(lossIn(Math.exp(net.best.loss), unit), unit);
  return `${loss} at step ${net.best.step.toLocaleString("en")}`;
}

/**
 * @param {Page} page
 * @returns {import("../protocol").Complete}
 */
function requestOf({ net }) {
  return {
    // A prompt cannot be empty: it is the first character of the training text.
    prime: [...(net?.text.beginning.trim() ?? "")][0] ?? "",
    method: "sample",
    temperature: net?.temperature ?? 1,
    count: 1,
    length: LENGTH,
    weights: "best",
  };
}
