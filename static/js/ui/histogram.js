/** A small histogram, which has its numbers beside it: as a picture it says nothing by itself. */

/** @import { Histogram } from "../protocol" */

/** @typedef {{svg: SVGSVGElement, bars: SVGElement, band: SVGElement, marked: number[]}} Picture */

const SVG = "http://www.w3.org/2000/svg";
/** The picture is stretched to the room it has: these are only its own units. */
const WIDTH = 100;
const HEIGHT = 24;
/** Of a bin's width, for its bar. */
const FILLED = 0.82;
/** So that a bin with few numbers is not taken for an empty one. */
const LOWEST_BAR = 1;

/**
 * @param {string} className of its bars
 * @param {number[]} [marked] from where to where a band is shown behind the bars; else zero is
 * @returns {Picture}
 */
export function newHistogram(className, marked = [0, 0]) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "histogram");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const band = document.createElementNS(SVG, "path");
  band.setAttribute("class", "histogram-band");
  const bars = document.createElementNS(SVG, "path");
  bars.setAttribute("class", className);
  svg.append(band, bars);
  return { svg, bars, band, marked };
}

/**
 * @param {Picture} picture
 * @param {Histogram | null} histogram
 */
export function drawBars({ bars, band, marked }, histogram) {
  if (!histogram) {
    bars.setAttribute("d", "");
    return;
  }
  const { low, high, counts } = histogram;
  const [from = 0, to = 0] = marked.map((at) => (WIDTH * (at - low)) / (high - low));
  band.setAttribute("d", `M${from.toFixed(1)} 0H${to.toFixed(1)}V${HEIGHT}H${from.toFixed(1)}z`);
  const pitch = WIDTH / counts.length;
  const most = Math.max(...counts, 1);
  let path = "";
  for (const [bin, count] of counts.entries()) {
    if (count === 0) continue;
    const x = (bin + (1 - FILLED) / 2) * pitch;
    const height = Math.max((HEIGHT * count) / most, LOWEST_BAR);
    path += `M${x.toFixed(1)} ${HEIGHT}v${(-height).toFixed(1)}h${(FILLED * pitch).toFixed(1)}V${HEIGHT}z`;
  }
  bars.setAttribute("d", path);
}
