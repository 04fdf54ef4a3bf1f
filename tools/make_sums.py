"""Makes the sums to learn, and those to ask for: `python -m tools.make_sums`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "app" / "catalog" / "data" / "texts"
SEED = 12
LIMIT = 100
"""Both numbers of a sum are below it."""
HELD_OUT_PAIRS = 250
"""Of numbers: whoever has not seen 7+5 has not seen 5+7 either."""
LEARNT_SUMS = 3500
"""About a third of all that could be learnt: too few to know the others by heart."""
COUNTED = 4
"""Numbers in a line that counts."""
COUNTING = {1: 196, 10: 100}
"""How many lines count by ones and by tens; each begins one higher than the one before."""

Pair = tuple[int, int]


def make() -> tuple[list[str], list[str]]:
    """The lines to learn, and the sums that are held out; always the same ones."""
    chance = random.Random(SEED)  # noqa: S311  (nothing is kept secret with it)
    held_out = _held_out(chance)
    possible = [pair for pair in product(range(LIMIT), range(LIMIT)) if pair not in held_out]
    small = [pair for pair in possible if max(pair) < 10]  # the few without tens: all of them
    others = [pair for pair in possible if max(pair) >= 10]
    pairs = small + chance.sample(others, LEARNT_SUMS - len(small))
    lines = [*map(as_line, pairs), *_counting()]
    chance.shuffle(lines)
    return lines, [as_line(pair) for pair in sorted(held_out)]


def as_line(pair: Pair) -> str:
    """A sum as it is written."""
    a, b = pair
    return f"{a}+{b}={a + b}"


def _held_out(chance: random.Random) -> set[Pair]:
    """Pairs of numbers, in either order."""
    pairs = chance.sample([*combinations_with_replacement(range(LIMIT), 2)], HELD_OUT_PAIRS)
    return {*pairs, *((b, a) for a, b in pairs)}


def _counting() -> Iterator[str]:
    for step, lines in COUNTING.items():
        for first in range(lines):
            yield ",".join(str(first + step * place) for place in range(COUNTED))


def main() -> None:
    """Write both files."""
    for name, lines in zip(("sums.txt", "sums.held_out.txt"), make(), strict=True):
        (FOLDER / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
