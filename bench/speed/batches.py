"""Training data of the peers in Python: padded batches of sentences of similar length."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bench.speed.workloads import alphabet

Indices = npt.NDArray[np.int64]
Run = Callable[[float], float]
"""Trains for about so many seconds and returns characters per second."""

BOUNDARY = 0
PADDING = -1  # a target that the loss ignores


@dataclass(frozen=True)
class Batch:
    """Sentences, one per column, the longest first.

    Attributes:
        inputs: START and the characters, then START again as padding, shape (time, sentences).
        targets: the characters and END, then PADDING, shape (time, sentences).
        characters: number of characters, without padding and ends.
    """

    inputs: Indices
    targets: Indices
    characters: int


def length_buckets(sentences: Sequence[str], batch_size: int) -> list[Batch]:
    """The sentences in batches of similar length, with little padding."""
    index = {character: i for i, character in enumerate(alphabet(sentences), start=1)}
    by_length = sorted(sentences, key=len, reverse=True)
    return [
        _batch([[index[character] for character in sentence] for sentence in together])
        for together in _cut(by_length, batch_size)
    ]


Prepared = TypeVar("Prepared")


def training(step: Callable[[Prepared], int], batches: Sequence[Prepared]) -> Run:
    """A run of one step per batch, reshuffled every epoch; a step returns its characters."""
    order = _epochs(batches)

    def run(seconds: float) -> float:
        start, characters, elapsed = time.perf_counter(), 0, 0.0
        while elapsed < seconds:
            characters += step(next(order))
            elapsed = time.perf_counter() - start
        return characters / elapsed

    return run


def _epochs(batches: Sequence[Prepared]) -> Iterator[Prepared]:
    shuffled, order = list(batches), random.Random(1)  # noqa: S311, no secret
    while True:
        order.shuffle(shuffled)
        yield from shuffled


def _cut(sentences: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in itertools.count(0, size):
        if start >= len(sentences):
            return
        yield sentences[start : start + size]


def _batch(encoded: Sequence[Sequence[int]]) -> Batch:
    shape = (len(encoded[0]) + 1, len(encoded))  # (time, sentences)
    inputs = np.full(shape, BOUNDARY, dtype=np.int64)
    targets = np.full(shape, PADDING, dtype=np.int64)
    for column, letters in enumerate(encoded):
        inputs[1 : len(letters) + 1, column] = letters
        targets[: len(letters), column] = letters
        targets[len(letters), column] = BOUNDARY
    return Batch(inputs, targets, sum(map(len, encoded)))
