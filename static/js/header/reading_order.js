/**
 * On a narrow page, moves the panels to where layout.css shows them, so that the keyboard and screen
 * readers follow the order on the screen. Nothing moves on the screen.
 */

import { requireElement } from "../ui/dom.js";

/** As in layout.css. */
const NARROW = "(max-width: 47.99rem)";

/** @param {HTMLElement} grid */
export function mount(grid) {
  const [first, second, third] = grid.querySelectorAll(".column");
  const [controls, stats, samples] = ["controls", "stats", "samples"].map((name) =>
    requireElement(grid, `#panel_${name}`, HTMLElement),
  );
  if (!first || !second || !third || !controls || !stats || !samples) throw new Error("no columns");
  const list = requireElement(samples, "#samples", HTMLElement);

  const query = matchMedia(NARROW);
  const arrange = () => {
    const focused = document.activeElement;
    if (query.matches) {
      first.prepend(stats, samples, controls);
      requireElement(samples, "h2", HTMLElement).after(list);
    } else {
      second.prepend(controls, stats);
      third.prepend(samples);
      samples.append(list);
    }
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  };
  query.addEventListener("change", arrange);
  if (query.matches) arrange();
}
