/** Brings the page to life: every panel in its place, then the connection that feeds them. */

import * as appearance from "./header/appearance.js";
import * as choice from "./panels/text_picker.js";
import * as complete from "./panels/completion.js";
import { Connection } from "./net/connection.js";
import * as controls from "./panels/controls.js";
import * as curve from "./curve/panel.js";
import * as epoch from "./panels/epoch.js";
import * as figures from "./panels/stats.js";
import * as gradientCheck from "./inspect/gradient_check.js";
import * as hints from "./header/hints.js";
import * as kept from "./header/saved_state.js";
import * as keys from "./header/shortcuts.js";
import * as letterMap from "./inspect/embeddings.js";
import * as notices from "./ui/notices.js";
import * as offer from "./header/shared_copy.js";
import * as picture from "./diagram/panel.js";
import * as prediction from "./panels/prediction.js";
import * as pretrained from "./panels/pretrained.js";
import * as reading from "./inspect/probe_text.js";
import * as samples from "./panels/samples.js";
import * as saving from "./panels/model_io.js";
import * as sentences from "./panels/text_input.js";
import * as sharing from "./panels/sharing.js";
import * as status from "./header/status.js";
import { Store } from "./state/store.js";
import * as surprise from "./inspect/surprisal.js";
import * as trend from "./panels/trend.js";
import { yieldToBrowser } from "./ui/dom.js";
import * as undo from "./header/undo.js";
import * as units from "./inspect/units.js";
import * as weights from "./inspect/weights.js";

/** Milliseconds of mounting after which the browser has its turn: to draw, and to hear what is pressed. */
const SLICE_MS = 8;

/**
 * Those that draw take longest, so they come when all the others are there already.
 *
 * @type {[string, {mount: (element: HTMLElement, connection: Connection) => void}][]}
 */
const PANELS = [
  [".site-header", status],
  [".site-header", kept],
  ["#offer", offer],
  ["#panel_introduction", hints],
  [".site-header", appearance],
  ["#panel_sentences", sentences],
  ["#panel_sentences", choice],
  ["#panel_controls", controls],
  ["#panel_stats", figures],
  ["#panel_stats", trend],
  ["#panel_stats", epoch],
  ["#panel_samples", samples],
  ["#panel_prediction", prediction],
  ["#panel_complete", complete],
  ["#panel_reading", reading],
  ["#panel_surprise", surprise],
  ["#panel_letter_map", letterMap],
  ["#panel_weights", weights],
  ["#panel_gradient_check", gradientCheck],
  ["#panel_saving", saving],
  ["#sharing", sharing],
  ["#panel_pretrained", pretrained],
  [".page-grid", undo],
  ["#notices", notices],
  ["body", keys],
  ["#panel_introduction", picture],
  [".curve", curve],
  ["#panel_units", units],
];

const connection = new Connection(new Store());
let began = performance.now();
for (const [selector, panel] of PANELS) {
  if (performance.now() - began > SLICE_MS) {
    await yieldToBrowser();
    began = performance.now();
  }
  const element = document.querySelector(selector);
  if (element instanceof HTMLElement) panel.mount(element, connection);
}
connection.open();
