"""Texts as arrays of tokens, and their split into a training and a validation set."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.errors import TextError
from model.kernels.types import BOUNDARY
from model.text.characters import is_blank
from model.text.sentences import CHUNK, Int64Array, Sentences
from model.text.vocabulary import TOKEN, IndexArray, Unknown, Vocabulary

DEFAULT_FRACTION = 0.05
MIN_SENTENCES = 100
"""With fewer sentences, 5 % are too few to validate on, and training needs all of them."""
MIN_CHARACTERS = 2000
"""The same for a text in one piece."""


def pack_sentences(
    vocabulary: Vocabulary, sentences: Iterable[str]
) -> tuple[IndexArray, Int64Array]:
    """All sentences in one array, with BOUNDARY before, between and after them.

    Returns `tokens` (characters + sentences + 1,), uint16, and `offsets` (sentences + 1,), int64.
    The inputs of sentence s start at tokens[offsets[s]], its targets one place later, both with a
    length of offsets[s + 1] - offsets[s].

    Raises:
        TextError: there is no sentence, one is empty, or has an unknown character.
    """
    given = Sentences.of(sentences)
    if not given:
        raise TextError("no_sentences")
    if not given.lengths.all():
        raise TextError("empty_sentence")
    tokens = array("H", [BOUNDARY])  # grows in place: the tokens are the largest array of all
    lengths = []
    for chunk in given.chunks():
        pieces, sizes = _encode(vocabulary, chunk)
        ends = np.cumsum(sizes + 1)
        packed = np.full(ends[-1], BOUNDARY, dtype=TOKEN)
        within = np.ones(len(packed), dtype=np.bool_)
        within[ends - 1] = False  # the boundary after each sentence
        packed[within] = pieces
        tokens.frombytes(packed.tobytes())
        lengths.append(sizes + 1)
    offsets = np.concatenate(([0], np.cumsum(np.concatenate(lengths))))  # (sentences + 1,)
    return np.frombuffer(tokens, dtype=TOKEN), offsets


def _encode(vocabulary: Vocabulary, chunk: Sentences) -> tuple[IndexArray, Int64Array]:
    """The tokens of all sentences, one after the other, and the number of each's, (sentences,)."""
    tokens = vocabulary.encode_known("".join(chunk))
    if tokens is not None:
        return tokens, chunk.lengths
    pieces = [vocabulary.encode(sentence) for sentence in chunk]
    return np.concatenate(pieces), np.fromiter(map(len, pieces), np.int64, len(pieces))


class Selection(NamedTuple):
    """The sentences that a vocabulary can encode.

    Attributes:
        known: those without unknown characters.
        left_out: the others.
        unknown: the unknown characters, each with its count.
    """

    known: Sentences
    left_out: Sentences
    unknown: Counter[str]


def select_known(vocabulary: Vocabulary, sentences: Iterable[str]) -> Selection:
    """The sentences without unknown characters, the others, and the unknown characters."""
    given = Sentences.of(sentences)
    if vocabulary.contains(given.count_chars()):
        return Selection(given, given[:0], Counter())
    known = np.fromiter(map(vocabulary.can_encode, given), np.bool_, len(given))
    left_out = given.take(~known)
    units = (unit for sentence in left_out for unit in vocabulary.tokenize(sentence))
    unknown = Counter(unit for unit in units if unit not in vocabulary.index)
    return Selection(given.take(known), left_out, unknown)


def adapt_sentences(
    vocabulary: Vocabulary, sentences: Iterable[str], unknown: Unknown
) -> Sentences:
    """The sentences in the characters of the vocabulary, as `Vocabulary.adapt` writes each.

    Those of which nothing visible is left are dropped.

    Raises:
        TextError: characters are unknown, and `unknown` is "error".
    """
    given = Sentences.of(sentences)
    if vocabulary.contains(given.count_chars()):
        return given
    adapted = (vocabulary.adapt(sentence, unknown).strip() for sentence in given)
    return Sentences.of(sentence for sentence in adapted if not is_blank(sentence))


class TextSplit(NamedTuple):
    """The tokens of the training and of the validation part of a text, (characters + 1,) each.

    Each begins with the token before its first prediction. `validation` is None if there is none.
    """

    train: IndexArray
    validation: IndexArray | None


def encode_text(vocabulary: Vocabulary, text: str, start: int = BOUNDARY) -> IndexArray:
    """The token before a text and those of the text, (characters + 1,).

    `start` is the token before the text.

    Raises:
        TextError: the text is empty or has an unknown character.
    """
    if not text:
        raise TextError("no_text")
    tokens = np.empty(len(text) + 1, dtype=TOKEN)
    tokens[0] = start
    for begin in range(0, len(text), CHUNK):
        chunk = vocabulary.encode_known(text[begin : begin + CHUNK])
        if chunk is None:  # another normalisation form, or UTF-16 units: of another length
            return np.concatenate((tokens[:1], vocabulary.encode(text)))
        tokens[begin + 1 : begin + 1 + len(chunk)] = chunk
    return tokens


def split_text(
    vocabulary: Vocabulary, text: str, fraction: float | None = None, start: int = BOUNDARY
) -> TextSplit:
    """Hold out the last part of a text; None is 5 % of a text of 2,000 or more characters.

    `start` is the token before the text.

    Raises:
        TextError: the text is empty or has an unknown character.
    """
    tokens = encode_text(vocabulary, text, start)
    characters = len(tokens) - 1
    if fraction is None:
        fraction = DEFAULT_FRACTION if characters >= MIN_CHARACTERS else 0.0
    count = int(fraction * characters)
    if not count:
        return TextSplit(tokens, None)
    return TextSplit(tokens[:-count], tokens[-count - 1 :])


class Split(NamedTuple):
    """The training and the validation sentences, both in the order of the text."""

    train: Sentences
    validation: Sentences


def train_validation_split(sentences: Iterable[str], fraction: float | None = None) -> Split:
    """Hold out a fraction of the sentences; None is 5 % of 100 or more sentences, and 0 of fewer.

    Copies of a sentence are in the same part, and each counts: distinct sentences are held out, in
    the order of a hash, until their copies make up the fraction, or they are half of the distinct
    sentences; one with too many copies is for training. The choice depends only on the sentences,
    so that a saved training that is resumed elsewhere holds out the same ones.
    """
    given = Sentences.of(sentences)
    if fraction is None:
        fraction = DEFAULT_FRACTION if len(given) >= MIN_SENTENCES else 0.0
    if not fraction:
        return Split(given, given[:0])
    ranks = np.fromiter(map(_rank, given), np.uint64, len(given))
    _, inverse, copies = np.unique(ranks, return_inverse=True, return_counts=True)
    held_out = _choose(copies, math.ceil(fraction * len(given)))[inverse]
    return Split(given.take(~held_out), given.take(held_out))


def _choose(copies: Int64Array, count: int) -> npt.NDArray[np.bool_]:
    """Which distinct sentences to hold out, (distinct,), so that their copies are `count`."""
    chosen = np.zeros(len(copies), dtype=np.bool_)
    left = min((len(copies) + 1) // 2, len(copies) - 1)  # that may be chosen
    for number, its_copies in enumerate(copies.tolist()):
        if not (count and left):
            break
        if its_copies <= count:
            chosen[number] = True
            count, left = count - its_copies, left - 1
    return chosen


def _rank(sentence: str) -> int:
    hashed = hashlib.blake2b(sentence.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed, "big")
