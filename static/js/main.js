/** Mounts all panels, then opens the connection to the server. */

import * as curve from "./curve/panel.js";
import * as diagram from "./diagram/panel.js";
import * as appearance from "./header/appearance.js";
import * as hints from "./header/hints.js";
import * as readingOrder from "./header/reading_order.js";
import * as savedState from "./header/saved_state.js";
import * as sharedCopy from "./header/shared_copy.js";
import * as shortcuts from "./header/shortcuts.js";
import * as status from "./header/status.js";
import * as tour from "./header/tour.js";
import * as undo from "./header/undo.js";
import * as embeddings from "./inspect/embeddings.js";
import * as gradientCheck from "./inspect/gradient_check.js";
import * as probeText from "./inspect/probe_text.js";
import * as surprisal from "./inspect/surprisal.js";
import * as units from "./inspect/units.js";
import * as weights from "./inspect/weights.js";
import { Connection } from "./net/connection.js";
import * as best from "./panels/best.js";
import * as completion from "./panels/completion.js";
import * as controls from "./panels/controls.js";
import * as epoch from "./panels/epoch.js";
import * as modelIo from "./panels/model_io.js";
import * as prediction from "./panels/prediction.js";
import * as pretrained from "./panels/pretrained.js";
import * as runningSample from "./panels/running_sample.js";
import * as samples from "./panels/samples.js";
import * as sharing from "./panels/sharing.js";
import * as stats from "./panels/stats.js";
import * as trend from "./panels/trend.js";
import { Store } from "./state/store.js";
import * as textInput from "./texts/input.js";
import * as textPicker from "./texts/picker.js";
import * as textStatistics from "./texts/statistics.js";
import { requireElement, yieldToBrowser } from "./ui/dom.js";
import * as notices from "./ui/notices.js";

/** Milliseconds of mounting before it yields, so that the page can draw and respond to input. */
const SLICE_MS = 8;

/**
 * The panels in the order of mounting. Those that draw are last: they take longest.
 *
 * @type {[string, {mount: (element: HTMLElement, connection: Connection) => void}][]}
 */
const PANELS = [
  [".page-grid", readingOrder],
  [".site-header", status],
  [".site-header", savedState],
  ["#offer", sharedCopy],
  ["#panel_introduction", hints],
  [".site-header", appearance],
  ["#panel_sentences", textInput],
  ["#panel_sentences", textPicker],
  ["#panel_sentences", textStatistics],
  ["#panel_controls", controls],
  ["#panel_stats", stats],
  ["#panel_stats", trend],
  ["#panel_stats", epoch],
  ["#panel_stats", best],
  ["#panel_samples", samples],
  ["#panel_samples", runningSample],
  ["#panel_prediction", prediction],
  ["#panel_complete", completion],
  ["#panel_reading", probeText],
  ["#panel_surprise", surprisal],
  ["#panel_letter_map", embeddings],
  ["#panel_weights", weights],
  ["#panel_gradient_check", gradientCheck],
  ["#panel_saving", modelIo],
  ["#sharing", sharing],
  ["#panel_pretrained", pretrained],
  [".page-grid", undo],
  ["#notices", notices],
  ["body", shortcuts],
  ["body", tour],
  ["#panel_introduction", diagram],
  [".curve", curve],
  ["#panel_units", units],
];

const connection = new Connection(new Store());
let sliceStart = performance.now();
for (const [selector, panel] of PANELS) {
  if (performance.now() - sliceStart > SLICE_MS) {
    await yieldToBrowser();
    sliceStart = performance.now();
  }
  const element = document.querySelector(selector);
  if (element instanceof HTMLElement) panel.mount(element, connection);
}
requireElement(document.body, "#not_started", HTMLElement).hidden = true;
connection.open();
