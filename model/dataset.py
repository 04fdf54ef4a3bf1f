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
from model.vocabulary import IndexArray, Vocabulary, as_sentences

DEFAULT_FRACTION = 0.05
MIN_SENTENCES = 100
"""With fewer sentences, 5 % are too few to validate on, and training needs all of them."""


def pack_sentences(
    vocabulary: Vocabulary, sentences: Sequence[str]
) -> tuple[IndexArray, npt.NDArray[np.int64]]:
    """All sentences in one array, with BOUNDARY before, between and after them.

    Returns `tokens` (characters + sentences + 1,), int32, and `offsets` (sentences + 1,), int64.
    The inputs of sentence s start at tokens[offsets[s]], its targets one place later, both with a
    length of offsets[s + 1] - offsets[s].

    Raises:
        TextError: there is no sentence, one is empty, or has an unknown character.
    """
    sentences = as_sentences(sentences)
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
    """Hold out a fraction of the sentences; None is 5 % of 100 or more sentences, and 0 of fewer.

    A hash of each sentence selects them, so that a saved training that is resumed elsewhere holds
    out the same ones. Copies of a sentence are in the same part. At least one sentence is for
    training.
    """
    sentences = as_sentences(sentences)
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
