/** Moves marks that would cover each other a little apart, so that each can be read. */

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
export function apart(places, rooms, most) {
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
