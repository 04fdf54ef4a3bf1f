"""Generate the sums for training and the held-out sums: `python -m tools.make_sums`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "app" / "catalog" / "data" / "texts"
SEED = 12
LIMIT = 100
"""Upper bound (exclusive) of both numbers of a sum."""
HELD_OUT_PAIRS = 250
"""Unordered pairs of numbers: 7+5 and 5+7 are held out together."""
TRAINING_SUMS = 3500
"""About a third of the sums that are not held out: too few to know all sums by heart."""
COUNTED = 4
"""Numbers per counting line."""
COUNTING = {1: 196, 10: 100}
"""Number of counting lines by step; each line starts one higher than the previous."""

Pair = tuple[int, int]


def make() -> tuple[list[str], list[str]]:
    """The training lines and the held-out sums; the result is deterministic."""
    chance = random.Random(SEED)  # noqa: S311  (not used for security)
    held_out = _held_out(chance)
    possible = [pair for pair in product(range(LIMIT), range(LIMIT)) if pair not in held_out]
    small = [pair for pair in possible if max(pair) < 10]  # all one-digit sums are included
    others = [pair for pair in possible if max(pair) >= 10]
    pairs = small + chance.sample(others, TRAINING_SUMS - len(small))
    lines = [*map(as_line, pairs), *_counting()]
    chance.shuffle(lines)
    return lines, [as_line(pair) for pair in sorted(held_out)]


def as_line(pair: Pair) -> str:
    """A sum as text, such as "7+5=12"."""
    a, b = pair
    return f"{a}+{b}={a + b}"


def _held_out(chance: random.Random) -> set[Pair]:
    """The held-out pairs, each in both orders."""
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
