"""Sentences as the kernels read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.errors import TextError
from model.vocabulary import START_OR_END, IndexArray, Vocabulary


def pack_sentences(
    vocabulary: Vocabulary, sentences: Sequence[str]
) -> tuple[IndexArray, npt.NDArray[np.int64]]:
    """All sentences in one array, START_OR_END before, between and after them.

    Returns `letters` (int32) and `starts` (sentences + 1,), int64: sentence s has its inputs from
    letters[starts[s]], its targets from the place after, starts[s + 1] - starts[s] of each.

    Raises:
        TextError: there is none, one is empty, or one has characters the vocabulary lacks.
    """
    if not sentences:
        raise TextError("no_sentences")
    if not all(sentences):
        raise TextError("empty_sentence")
    between = np.array([START_OR_END], dtype=np.int32)
    pieces = [between]
    for sentence in sentences:
        pieces += (vocabulary.encode(sentence), between)
    lengths = [len(piece) + 1 for piece in pieces[1::2]]
    starts = np.concatenate(([0], np.cumsum(lengths)))  # (sentences + 1,)
    return np.concatenate(pieces), starts.astype(np.int64)
