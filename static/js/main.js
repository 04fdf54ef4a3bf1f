/** Brings the page to life: every panel in its place, then the connection that feeds them. */

import * as appearance from "./appearance.js";
import * as choice from "./choice.js";
import * as complete from "./complete.js";
import { Connection } from "./connection.js";
import * as controls from "./controls.js";
import * as curve from "./curve.js";
import * as epoch from "./epoch.js";
import * as figures from "./figures.js";
import * as gradientCheck from "./gradient_check.js";
import * as hints from "./hints.js";
import * as kept from "./kept.js";
import * as keys from "./keys.js";
import * as letterMap from "./letter_map.js";
import * as notices from "./notices.js";
import * as offer from "./offer.js";
import * as picture from "./picture.js";
import * as prediction from "./prediction.js";
import * as pretrained from "./pretrained.js";
import * as reading from "./reading.js";
import * as samples from "./samples.js";
import * as saving from "./saving.js";
import * as sentences from "./sentences.js";
import * as sharing from "./sharing.js";
import * as status from "./status.js";
import { Store } from "./store.js";
import * as surprise from "./surprise.js";
import * as trend from "./trend.js";
import { browsersTurn } from "./turn.js";
import * as undo from "./undo.js";
import * as units from "./units.js";
import * as weights from "./weights.js";

/** Milliseconds of mounting after which the browser has its turn: to draw, and to hear what is pressed. */
const SLICE_MS = 8;

/**
 * Those that draw take longest, so they come when all the others are there already.
 *
 * @type {[string, {mount: (element: HTMLElement, connection: Connection) => void}][]}
 */
const PANELS = [
  [".masthead", status],
  [".masthead", kept],
  ["#offer", offer],
  ["#panel_introduction", hints],
  [".masthead", appearance],
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
  [".desk", undo],
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
    await browsersTurn();
    began = performance.now();
  }
  const element = document.querySelector(selector);
  if (element instanceof HTMLElement) panel.mount(element, connection);
}
connection.open();
