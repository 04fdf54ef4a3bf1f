"""Sentences that are kept aside, to see what a network makes of those it has not learnt."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.char_model import CharModel
from model.dataset import pack_sentences
from model.kernels import entry_points as entry
from model.kernels import workspace
from model.kernels.cells import CELLS
from model.metrics import perplexity_of

USUAL_FRACTION = 0.05
ENOUGH_SENTENCES = 100
"""With fewer, one in twenty would be too few to tell anything by, and missed by the training."""
FIRST_LOOK = 4
"""Sentences, before it knows how fast this network reads on this machine."""


class Split(NamedTuple):
    """What is learnt, and what is kept aside; both in the order of the text."""

    learnt: list[str]
    held_out: list[str]


def split(sentences: Sequence[str], fraction: float | None = None) -> Split:
    """Keep a fraction of the sentences aside; None is 5 % from 100 sentences on, else none.

    The choice depends on the sentences alone, not on chance or their order: a training that is
    saved and goes on elsewhere keeps the same ones aside, and never sees them. A sentence that
    stands twice is learnt twice or not at all. At least one sentence is learnt.
    """
    if fraction is None:
        fraction = USUAL_FRACTION if len(sentences) >= ENOUGH_SENTENCES else 0.0
    distinct = sorted(set(sentences), key=_rank)
    count = min(math.ceil(fraction * len(distinct)), len(distinct) - 1)
    aside = set(distinct[: max(count, 0)])
    return Split(
        [sentence for sentence in sentences if sentence not in aside],
        [sentence for sentence in sentences if sentence in aside],
    )


def _rank(sentence: str) -> bytes:
    return hashlib.blake2b(sentence.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class HeldOut:
    """Looks at a network with the sentences kept aside, a few at a time, again and again.

    Attributes:
        perplexity: of all of them, when they were last gone through; None before the first time.
        passes: how often they have been gone through.
    """

    def __init__(self, model: CharModel, sentences: Sequence[str]) -> None:
        self.perplexity: float | None = None
        self.passes = 0
        self._model = model
        self._letters, self._starts = pack_sentences(model.vocabulary, sentences)
        self._next = 0  # the sentence to go on with
        self._cost, self._predictions = 0.0, 0  # of this time through, so far
        self._per_second = 0.0

    def __len__(self) -> int:
        """How many sentences."""
        return len(self._starts) - 1

    def look(self) -> float:
        """Go through all of them with the network as it is; their perplexity."""
        self._begin()
        self._read(len(self))
        return self._end()

    def look_for(self, seconds: float) -> None:
        """Go on through them for about so long: one sentence at least, all of them at most."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            guess = int(left * self._per_second) if self._per_second else FIRST_LOOK
            self._read(min(self._next + max(guess, 1), len(self)))
            if self._next == len(self):
                self._end()
                return

    def _read(self, end: int) -> None:
        """Read the sentences up to this one."""
        began, model = time.perf_counter(), self._model
        starts = self._starts[self._next : end + 1]
        rows = int(np.diff(starts).max())
        costs = np.zeros(len(starts) - 1)  # (sentences read,)
        entry.evaluate(
            CELLS[model.kind],
            model.layout.sizes,
            model.flat,
            self._letters,
            starts,
            workspace.for_rows(model.layout, rows, model.flat.dtype),
            np.arange(rows + 1),
            costs,
        )
        self._cost += float(costs.sum())
        self._predictions += int(starts[-1] - starts[0])
        self._next = end
        self._per_second = len(costs) / max(time.perf_counter() - began, 1e-9)

    def _begin(self) -> None:
        self._next, self._cost, self._predictions = 0, 0.0, 0

    def _end(self) -> float:
        perplexity = self.perplexity = perplexity_of(self._cost, self._predictions)
        self.passes += 1
        self._begin()
        return perplexity
