/** Points on a plane that are another picture every time, and yet one that the eye can follow. */

/** @typedef {[number, number]} Point */
/** @typedef {Map<string, Point>} Points by name */
/** @typedef {{name: string, other: string, distance: number}} Neighbour */

/** What is left free beyond the outermost point: it may move on a little, and nothing else does. */
const HEADROOM = 1.15;
/** Of what is free beyond that, how much is given up at a time. */
const SHRINKING = 0.1;
/** Where all points are the same. */
const SMALLEST_REACH = 1e-9;

/**
 * The points on axes that point where they pointed before: a principal component is as good turned
 * over, and may come either way.
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

/** How far from its middle a picture shows the plane. It grows at once, and shrinks slowly. */
export class Reach {
  x = 0;
  y = 0;

  forget() {
    this.x = 0;
    this.y = 0;
  }

  /** @param {Points} points */
  follow(points) {
    let [x, y] = [SMALLEST_REACH, SMALLEST_REACH];
    for (const point of points.values()) {
      x = Math.max(x, Math.abs(point[0]));
      y = Math.max(y, Math.abs(point[1]));
    }
    this.x = followed(this.x, x);
    this.y = followed(this.y, y);
  }
}

/**
 * @param {number} reach
 * @param {number} needed
 */
function followed(reach, needed) {
  const roomy = needed * HEADROOM;
  if (needed > reach) return roomy;
  return roomy < reach ? reach + (roomy - reach) * SHRINKING : reach;
}

/**
 * Each point with the one nearest to it.
 *
 * @param {Points} points
 * @returns {Neighbour[]}
 */
export function neighbours(points) {
  const names = [...points.keys()];
  const places = [...points.values()];
  return places.map((place, index) => {
    const nearest = nearestTo(place, places, index);
    const there = places[nearest] ?? place;
    const distance = Math.hypot(there[0] - place[0], there[1] - place[1]);
    return { name: names[index] ?? "", other: names[nearest] ?? "", distance };
  });
}

/**
 * @param {Point} place
 * @param {Point[]} places
 * @param {number} own its index among the places
 */
function nearestTo([x, y], places, own) {
  let nearest = -1;
  let least = Infinity;
  for (let index = 0; index < places.length; index++) {
    const there = /** @type {Point} */ (places[index]);
    const squared = (there[0] - x) ** 2 + (there[1] - y) ** 2;
    if (squared >= least || index === own) continue;
    nearest = index;
    least = squared;
  }
  return nearest;
}

/**
 * The pairs of points that are closest, each pair once.
 *
 * @param {Neighbour[]} found
 * @param {number} most
 */
export function closestPairs(found, most) {
  const pairs = new Map();
  for (const each of found) {
    const both = JSON.stringify([each.name, each.other].sort());
    if (!pairs.has(both)) pairs.set(both, each);
  }
  return /** @type {Neighbour[]} */ ([...pairs.values()])
    .sort((one, another) => one.distance - another.distance)
    .slice(0, most);
}

/** @typedef {[number, number]} Place */
/** @typedef {{one: number, another: number, room: number}} Pair indices, and what is between them */

const ROUNDS = 12;
/** Marks at the same place part in directions that differ. */
const TURN = 2.4;

/**
 * @param {readonly Readonly<Place>[]} places in pixels
 * @param {readonly number[]} rooms what each mark needs, across
 * @param {number} most how far a mark may be moved
 * @returns {Place[]}
 */
export function separateLabels(places, rooms, most) {
  /** @type {Place[]} */
  const moved = places.map(([x, y]) => [x, y]);
  const close = closePairs(places, rooms, most);
  for (let round = 0; round < ROUNDS; round++) {
    for (const pair of close) push(moved, pair);
    for (const [index, place] of moved.entries()) hold(place, places[index] ?? place, most);
  }
  return moved;
}

/**
 * Those that can come to cover each other.
 *
 * @param {readonly Readonly<Place>[]} places
 * @param {readonly number[]} rooms
 * @param {number} most
 */
function closePairs(places, rooms, most) {
  /** @type {Pair[]} */
  const pairs = [];
  for (const [one, [x, y]] of places.entries()) {
    for (let another = 0; another < one; another++) {
      const there = /** @type {Place} */ (places[another]);
      const room = ((rooms[one] ?? 0) + (rooms[another] ?? 0)) / 2;
      const reach = room + 2 * most;
      if (Math.abs(there[0] - x) < reach && Math.abs(there[1] - y) < reach) {
        pairs.push({ one, another, room });
      }
    }
  }
  return pairs;
}

/**
 * @param {Place[]} places
 * @param {Pair} pair
 */
function push(places, { one, another, room }) {
  const [here, there] = [places[one], places[another]];
  if (!here || !there) return;
  let [x, y] = [here[0] - there[0], here[1] - there[1]];
  const distance = Math.hypot(x, y);
  if (distance >= room) return;
  if (distance === 0) [x, y] = [Math.cos(one * TURN), Math.sin(one * TURN)];
  const step = (room - distance) / 2 / (distance || 1);
  here[0] += x * step;
  here[1] += y * step;
  there[0] -= x * step;
  there[1] -= y * step;
}

/**
 * @param {Place} place
 * @param {Readonly<Place>} home
 * @param {number} most
 */
function hold(place, home, most) {
  const [x, y] = [place[0] - home[0], place[1] - home[1]];
  const distance = Math.hypot(x, y);
  if (distance <= most) return;
  place[0] = home[0] + (x * most) / distance;
  place[1] = home[1] + (y * most) / distance;
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
