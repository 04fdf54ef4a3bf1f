"""Sentences as arrays of tokens, and the split into training and validation sentences."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.errors import TextError
from model.kernels.types import BOUNDARY
from model.vocabulary import IndexArray, Vocabulary

DEFAULT_FRACTION = 0.05
MIN_SENTENCES = 100
"""With fewer, one in twenty would be too few to validate on, and training would miss them."""


def pack_sentences(
    vocabulary: Vocabulary, sentences: Sequence[str]
) -> tuple[IndexArray, npt.NDArray[np.int64]]:
    """All sentences in one array, BOUNDARY before, between and after them.

    Returns `tokens` (int32) and `offsets` (sentences + 1,), int64: inputs of sentence s begin at
    tokens[offsets[s]], its targets one place further on; both are offsets[s + 1] - offsets[s] long.

    Raises:
        TextError: there are none, one is empty, or one has characters the vocabulary lacks.
    """
    if not sentences:
        raise TextError("no_sentences")
    if not all(sentences):
        raise TextError("empty_sentence")
    between = np.array([BOUNDARY], dtype=np.int32)
    pieces = [between]
    for sentence in sentences:
        pieces += (vocabulary.encode(sentence), between)
    lengths = [len(piece) + 1 for piece in pieces[1::2]]
    offsets = np.concatenate(([0], np.cumsum(lengths)))  # (sentences + 1,)
    return np.concatenate(pieces), offsets.astype(np.int64)


class Split(NamedTuple):
    """The training and the validation sentences, both in the order of the text."""

    train: list[str]
    validation: list[str]


def train_validation_split(sentences: Sequence[str], fraction: float | None = None) -> Split:
    """Hold out a fraction of the sentences; None is 5 % from 100 sentences on, else none.

    The split depends on the sentences alone, not on chance or their order: a training that is saved
    and resumed elsewhere holds out the same ones. Copies of a sentence stay together. At least one
    sentence is for training.
    """
    if fraction is None:
        fraction = DEFAULT_FRACTION if len(sentences) >= MIN_SENTENCES else 0.0
    distinct = sorted(set(sentences), key=_rank)
    count = min(math.ceil(fraction * len(distinct)), len(distinct) - 1)
    held_out = set(distinct[: max(count, 0)])
    return Split(
        [sentence for sentence in sentences if sentence not in held_out],
        [sentence for sentence in sentences if sentence in held_out],
    )


def _rank(sentence: str) -> bytes:
    return hashlib.blake2b(sentence.encode("utf-8", "surrogatepass"), digest_size=8).digest()
