/** A small histogram without axes: its numbers stand beside it. */

/** @import { Histogram } from "../protocol" */

import { newShape } from "./dom.js";

/** @typedef {{svg: SVGSVGElement, bars: SVGElement, band: SVGElement, bandRange: number[]}} HistogramView */

/** Units of the viewBox, which is stretched to the available size. */
const WIDTH = 100;
const HEIGHT = 24;
/** The width of a bar, relative to its bin. */
const BAR_WIDTH = 0.82;
/** The least height of a bar, so that its bin does not look empty. */
const MIN_BAR = 1;

/**
 * @param {string} className of the bars
 * @param {number[]} [bandRange] the ends of a band shown behind the bars; by default a line at zero
 * @returns {HistogramView}
 */
export function newHistogram(className, bandRange = [0, 0]) {
  const svg = newShape("svg", {
    class: "histogram",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const band = newShape("path", { class: "histogram-band" });
  const bars = newShape("path", { class: className });
  svg.append(band, bars);
  return { svg, bars, band, bandRange };
}

/**
 * @param {HistogramView} view
 * @param {Histogram | null} histogram
 */
export function drawBars({ bars, band, bandRange }, histogram) {
  if (!histogram) {
    bars.setAttribute("d", "");
    return;
  }
  const { low, high, counts } = histogram;
  const [from = 0, to = 0] = bandRange.map((value) => (WIDTH * (value - low)) / (high - low));
  band.setAttribute("d", `M${from.toFixed(1)} 0H${to.toFixed(1)}V${HEIGHT}H${from.toFixed(1)}z`);
  const pitch = WIDTH / counts.length;
  const maxCount = Math.max(...counts, 1);
  let path = "";
  for (const [bin, count] of counts.entries()) {
    if (count === 0) continue;
    const x = (bin + (1 - BAR_WIDTH) / 2) * pitch;
    const height = Math.max((HEIGHT * count) / maxCount, MIN_BAR);
    path += `M${x.toFixed(1)} ${HEIGHT}v${(-height).toFixed(1)}h${(BAR_WIDTH * pitch).toFixed(1)}V${HEIGHT}z`;
  }
  bars.setAttribute("d", path);
}
