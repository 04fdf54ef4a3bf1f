/** Five samples of the network, and their softmax temperature. */

/** @import { Connection } from "../net/connection.js" */

import { LogSlider } from "../ui/log_slider.js";
import { bindFieldError } from "../ui/field_error.js";
import { requireElement } from "../ui/dom.js";
import { observeWidth, setText } from "../ui/stable_text.js";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  mountTemperature(element, connection);
  const list = requireElement(element, "#samples", HTMLElement);
  const items = [...list.children].filter((child) => child instanceof HTMLElement);
  items.forEach(observeWidth);
  connection.store.watch(
    (page) => page.net?.samples,
    (samples) => {
      for (const [index, item] of items.entries()) setText(item, samples?.[index] ?? "");
    },
  );
}

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
function mountTemperature(element, connection) {
  const slider = requireElement(element, "#temperature_slider", HTMLInputElement);
  const typed = requireElement(element, "#temperature_typed", HTMLInputElement);
  const errorFields = { temperature: "temperature" };
  const logSlider = new LogSlider({
    slider,
    text: requireElement(element, "#temperature_text", HTMLElement),
    typed,
    decimals: 2,
    send: (temperature) => connection.request("set", { temperature }, errorFields),
    clearError: () => connection.store.setFieldErrors(errorFields, null),
  });
  bindFieldError(element, connection.store, "temperature", typed);
  connection.store.watch(
    (page) => page.net?.temperature,
    (temperature) => {
      if (temperature !== undefined) logSlider.setServerValue(temperature);
    },
  );
}
