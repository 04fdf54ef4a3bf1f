/** Points on a plane: kept stable from one projection to the next, and labels that do not overlap. */

/** @typedef {[number, number]} Point */
/** @typedef {Map<string, Point>} Points by name */
/** @typedef {{name: string, other: string, distance: number}} Neighbour */

/** Extent relative to the outermost point, so that small moves do not rescale the plot. */
const HEADROOM = 1.15;
/** The share of the excess extent that each update removes. */
const SHRINK_RATE = 0.1;
/** If all points coincide. */
const MIN_EXTENT = 1e-9;

/**
 * The points with the signs of their axes as before: the sign of a principal component is arbitrary.
 *
 * @param {Points} points
 * @param {Points} before
 * @returns {Points}
 */
export function aligned(points, before) {
  let [alongX, alongY] = [0, 0];
  for (const [name, [x, y]] of points) {
    const [xBefore, yBefore] = before.get(name) ?? [0, 0];
    alongX += x * xBefore;
    alongY += y * yBefore;
  }
  const [signX, signY] = [alongX < 0 ? -1 : 1, alongY < 0 ? -1 : 1];
  return new Map([...points].map(([name, [x, y]]) => [name, [signX * x, signY * y]]));
}

/** The half-width and half-height of the plane shown. It grows at once, and shrinks slowly. */
export class AxisExtent {
  x = 0;
  y = 0;

  reset() {
    this.x = 0;
    this.y = 0;
  }

  /** @param {Points} points */
  update(points) {
    let [x, y] = [MIN_EXTENT, MIN_EXTENT];
    for (const point of points.values()) {
      x = Math.max(x, Math.abs(point[0]));
      y = Math.max(y, Math.abs(point[1]));
    }
    this.x = adjusted(this.x, x);
    this.y = adjusted(this.y, y);
  }
}

/**
 * @param {number} extent
 * @param {number} needed
 */
function adjusted(extent, needed) {
  const target = needed * HEADROOM;
  if (needed > extent) return target;
  return target < extent ? extent + (target - extent) * SHRINK_RATE : extent;
}

/**
 * Each point with the one nearest to it.
 *
 * @param {Points} points
 * @returns {Neighbour[]}
 */
export function neighbours(points) {
  const names = [...points.keys()];
  const positions = [...points.values()];
  return positions.map((position, index) => {
    const nearest = nearestTo(position, positions, index);
    const other = positions[nearest] ?? position;
    const distance = Math.hypot(other[0] - position[0], other[1] - position[1]);
    return { name: names[index] ?? "", other: names[nearest] ?? "", distance };
  });
}

/**
 * @param {Point} position
 * @param {Point[]} positions
 * @param {number} own its index in the positions
 */
function nearestTo([x, y], positions, own) {
  let nearest = -1;
  let minSquared = Infinity;
  for (let index = 0; index < positions.length; index++) {
    const other = /** @type {Point} */ (positions[index]);
    const squared = (other[0] - x) ** 2 + (other[1] - y) ** 2;
    if (squared >= minSquared || index === own) continue;
    nearest = index;
    minSquared = squared;
  }
  return nearest;
}

/**
 * The pairs of points that are closest, each pair once.
 *
 * @param {Neighbour[]} neighbours
 * @param {number} max
 */
export function closestPairs(neighbours, max) {
  const pairs = new Map();
  for (const each of neighbours) {
    const key = JSON.stringify([each.name, each.other].sort());
    if (!pairs.has(key)) pairs.set(key, each);
  }
  return /** @type {Neighbour[]} */ ([...pairs.values()])
    .sort((one, another) => one.distance - another.distance)
    .slice(0, max);
}

/** @typedef {[number, number]} Position */
/** @typedef {{one: number, another: number, spacing: number}} Pair indices, and the distance to keep */

const ITERATIONS = 12;
/** Radians: labels at the same position are pushed in different directions. */
const ANGLE_STEP = 2.4;

/**
 * @param {readonly Readonly<Position>[]} positions in pixels
 * @param {readonly number[]} spacings the width of each label
 * @param {number} max how far a label may be moved
 * @returns {Position[]}
 */
export function separateLabels(positions, spacings, max) {
  /** @type {Position[]} */
  const shifted = positions.map(([x, y]) => [x, y]);
  const close = closePairs(positions, spacings, max);
  for (let round = 0; round < ITERATIONS; round++) {
    for (const pair of close) pushApart(shifted, pair);
    for (const [index, position] of shifted.entries())
      limitShift(position, positions[index] ?? position, max);
  }
  return shifted;
}

/**
 * The pairs of labels that may overlap.
 *
 * @param {readonly Readonly<Position>[]} positions
 * @param {readonly number[]} spacings
 * @param {number} max
 */
function closePairs(positions, spacings, max) {
  /** @type {Pair[]} */
  const pairs = [];
  for (const [one, [x, y]] of positions.entries()) {
    for (let another = 0; another < one; another++) {
      const other = /** @type {Position} */ (positions[another]);
      const spacing = ((spacings[one] ?? 0) + (spacings[another] ?? 0)) / 2;
      const extent = spacing + 2 * max;
      if (Math.abs(other[0] - x) < extent && Math.abs(other[1] - y) < extent) {
        pairs.push({ one, another, spacing });
      }
    }
  }
  return pairs;
}

/**
 * @param {Position[]} positions
 * @param {Pair} pair
 */
function pushApart(positions, { one, another, spacing }) {
  const [here, other] = [positions[one], positions[another]];
  if (!here || !other) return;
  let [x, y] = [here[0] - other[0], here[1] - other[1]];
  const distance = Math.hypot(x, y);
  if (distance >= spacing) return;
  if (distance === 0) [x, y] = [Math.cos(one * ANGLE_STEP), Math.sin(one * ANGLE_STEP)];
  const step = (spacing - distance) / 2 / (distance || 1);
  here[0] += x * step;
  here[1] += y * step;
  other[0] -= x * step;
  other[1] -= y * step;
}

/**
 * @param {Position} position
 * @param {Readonly<Position>} origin
 * @param {number} max
 */
function limitShift(position, origin, max) {
  const [x, y] = [position[0] - origin[0], position[1] - origin[1]];
  const distance = Math.hypot(x, y);
  if (distance <= max) return;
  position[0] = origin[0] + (x * max) / distance;
  position[1] = origin[1] + (y * max) / distance;
}

/** @typedef {"vowel" | "consonant" | "digit" | "sign" | "end"} LetterKind */

const VOWELS = new Set("aeiouæœøıαεηιουωаеёиоуыэюяєі");

/**
 * @param {string} letter the empty string is the end
 * @returns {LetterKind}
 */
export function kindOf(letter) {
  if (letter === "") return "end";
  if (/^\p{N}/u.test(letter)) return "digit";
  if (!/^[\p{L}\p{M}]/u.test(letter)) return "sign";
  const [plain = ""] = letter.normalize("NFD").toLowerCase(); // é is an e with an accent
  return VOWELS.has(plain) ? "vowel" : "consonant";
}
