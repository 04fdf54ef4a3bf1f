"""The sentences of a text, without a string for each."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

from model.errors import TextError
from model.text.characters import IGNORABLE

Int64Array = npt.NDArray[np.int64]

BYTE_ORDER_MARK = "\ufeff"
CHUNK = 100_000
"""Characters that are processed at once: enough for NumPy, little memory, and a short time without
a switch to another thread."""

_BREAK, _SPACE, _IGNORABLE, _VISIBLE = range(4)
"""Kinds of characters."""
_LAST_SPACE = 0x3000
"""The last whitespace in Unicode, the ideographic space."""


def _kinds_of_characters() -> npt.NDArray[np.uint8]:
    """(code points,), the kind of each."""
    kinds = np.full(sys.maxunicode + 1, _VISIBLE, dtype=np.uint8)
    kinds[[ord(char) for char in IGNORABLE]] = _IGNORABLE
    kinds[[code for code in range(_LAST_SPACE + 1) if chr(code).isspace()]] = _SPACE
    kinds[[ord("\n"), ord("\r")]] = _BREAK
    return kinds


_KINDS = _kinds_of_characters()


class Sentences(Sequence[str]):
    """Sentences as spans of one text: 16 bytes each, whatever their length.

    Attributes:
        text: the text; it may have characters between the sentences.
        starts: (sentences,), where each begins in the text.
        ends: (sentences,), where each ends.
    """

    def __init__(self, text: str, starts: Int64Array, ends: Int64Array) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends

    @classmethod
    def of(cls, sentences: Iterable[str]) -> Sentences:
        """These sentences; the same object if they are `Sentences` already.

        Raises:
            TextError: this is a text, which would be read as sentences of one character, or
                something else that is not a collection of str.
        """
        if isinstance(sentences, Sentences):
            return sentences
        if isinstance(sentences, str | bytes) or not isinstance(sentences, Iterable):
            raise TextError("sentences_not_a_list", kind=type(sentences).__name__)
        given = list(sentences)
        for sentence in given:
            if not isinstance(sentence, str):
                raise TextError("not_a_string", kind=type(sentence).__name__)
        ends = np.cumsum(np.fromiter(map(len, given), np.int64, len(given)))
        return cls("".join(given), np.concatenate((np.zeros(1, np.int64), ends))[:-1], ends)

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sentences: ...
    def __getitem__(self, index: int | slice) -> str | Sentences:
        if isinstance(index, slice):
            return Sentences(self.text, self.starts[index], self.ends[index])
        return self.text[self.starts[index] : self.ends[index]]

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), CHUNK):
            chunk = slice(first, first + CHUNK)
            for start, end in zip(
                self.starts[chunk].tolist(), self.ends[chunk].tolist(), strict=True
            ):
                yield self.text[start:end]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a list, which has none

    @property
    def lengths(self) -> Int64Array:
        """(sentences,), the characters of each."""
        return self.ends - self.starts

    def take(self, which: npt.NDArray[np.bool_]) -> Sentences:
        """The sentences selected by a mask, (sentences,)."""
        return Sentences(self.text, self.starts[which], self.ends[which])

    def chunks(self) -> Iterator[Sentences]:
        """The sentences in order, in parts of about `CHUNK` characters."""
        reached = np.cumsum(self.lengths)
        steps = np.arange(CHUNK, int(reached[-1]) if len(self) else 0, CHUNK)
        bounds = np.unique([0, *np.searchsorted(reached, steps, side="right"), len(self)])
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield self[first:last]

    def count_chars(self) -> Counter[str]:
        """How often each character occurs, in the order of first appearance."""
        return self._counts.copy()

    @cached_property
    def _counts(self) -> Counter[str]:
        counts = Counter[str]()
        for chunk in self.chunks():
            text = "".join(chunk)
            for begin in range(0, len(text), CHUNK):
                _add_counts(counts, text[begin : begin + CHUNK])
        return counts


def _add_counts(counts: Counter[str], text: str) -> None:
    """Count the characters of a text; new ones are added in the order of appearance."""
    found = np.bincount(code_points(text))  # (largest code point + 1,)
    present = {chr(code): int(found[code]) for code in np.flatnonzero(found).tolist()}
    if present.keys() - counts.keys():
        counts.update(dict.fromkeys(text, 0))
    counts.update(present)


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points of a text, (characters,), those of surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def sentences_from_text(text: str) -> Sentences:
    """The sentences of a text: its lines, trimmed, without blank ones and byte order marks."""
    if BYTE_ORDER_MARK in text:
        text = text.replace(BYTE_ORDER_MARK, "")
    starts, ends, seen = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.bool_)]
    breaks, last_line = 0, -1
    for at in range(0, len(text), CHUNK):
        kinds = _KINDS[code_points(text[at : at + CHUNK])]
        places = np.flatnonzero(kinds > _SPACE)
        numbers = breaks + np.cumsum(kinds == _BREAK)
        breaks = numbers[-1]
        lines, visible = numbers[places], kinds[places] == _VISIBLE
        first = np.flatnonzero(np.diff(lines, prepend=last_line))  # of each line that begins here
        bounds = np.append(first, len(places))
        if bounds[0]:  # characters of a line that began earlier
            ends[-1][-1] = at + places[bounds[0] - 1] + 1
            seen[-1][-1] |= visible[: bounds[0]].any()
        if len(first):
            starts.append(at + places[first])
            ends.append(at + places[bounds[1:] - 1] + 1)
            seen.append(np.logical_or.reduceat(visible, first))
            last_line = lines[-1]
    kept = np.concatenate(seen)
    return Sentences(text, np.concatenate(starts)[kept], np.concatenate(ends)[kept])


def running_text(text: str) -> str:
    """A text as one sequence: without byte order marks, and with its lines ended by a line feed."""
    if BYTE_ORDER_MARK in text:
        text = text.replace(BYTE_ORDER_MARK, "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text
