/** Five sentences that the network makes up, and the temperature they are drawn at. */

/** @import { Connection } from "../net/connection.js" */

import { Dial } from "../ui/log_slider.js";
import { showFaults } from "../ui/field_error.js";
import { part } from "../ui/dom.js";
import { prepare, write } from "../ui/stable_text.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  mountTemperature(element, connection);
  const list = part(element, "#samples", HTMLElement);
  const places = [...list.children].filter((child) => child instanceof HTMLElement);
  places.forEach(prepare);
  connection.store.watch(
    (page) => page.net?.samples,
    (samples) => {
      for (const [index, place] of places.entries()) write(place, samples?.[index] ?? "");
    },
  );
}

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function mountTemperature(element, connection) {
  const slider = part(element, "#temperature_slider", HTMLInputElement);
  const typed = part(element, "#temperature_typed", HTMLInputElement);
  const places = { temperature: "temperature" };
  const dial = new Dial({
    slider,
    text: part(element, "#temperature_text", HTMLElement),
    typed,
    decimals: 2,
    send: (temperature) => connection.ask("set", { temperature }, places),
    forgive: () => connection.store.blame(places, null),
  });
  showFaults(element, connection.store, "temperature", typed);
  connection.store.watch(
    (page) => page.net?.temperature,
    (temperature) => {
      if (temperature !== undefined) dial.follow(temperature);
    },
  );
}
