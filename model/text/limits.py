"""The size of a text: its statistics, and the limits that they must not exceed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.errors import TextError
from model.text.sentences import CHUNK, Sentences, code_points

RARE = 5
"""A character with fewer occurrences is rare: a network hardly learns it."""

MAX_LINE = 10_000
"""Characters of a line: a sentence is one training step, which cannot be interrupted."""


class TextStats(NamedTuple):
    """Statistics of a text.

    Attributes:
        sentences: number of sentences.
        characters: of all sentences together.
        distinct: number of distinct characters.
        rare: distinct characters that occur fewer than `RARE` times, rarest first.
        longest: characters of the longest sentence.
    """

    sentences: int
    characters: int
    distinct: int
    rare: tuple[str, ...]
    longest: int


def text_stats(sentences: Iterable[str]) -> TextStats:
    """The statistics of these sentences."""
    given = Sentences.of(sentences)
    counts = given.count_chars()
    rare = tuple(char for char, count in reversed(counts.most_common()) if count < RARE)
    longest = int(given.lengths.max(initial=0))
    return TextStats(len(given), counts.total(), len(counts), rare, longest)


@dataclass(frozen=True)
class TextLimits:
    """The limits of a text, wherever it comes from.

    Attributes:
        characters: of the whole text, with its spaces and line ends.
        sentences: number of sentences.
        line: characters of a sentence.
        distinct: number of distinct characters, line ends included; they are the network's output.
    """

    characters: int = 200_000_000
    sentences: int = 20_000_000
    line: int = MAX_LINE
    distinct: int = 10_000

    @property
    def bytes(self) -> int:
        """Maximum bytes of a file: UTF-8 and UTF-32 have at most four a character, and a mark."""
        return 4 * self.characters + 4

    def check(self, sentences: Sentences) -> None:
        """Raise an error if the sentences exceed a limit.

        Raises:
            TextError: the text is empty or exceeds a limit; the message says which, and the first
                line that is too long.
        """
        if not sentences:
            raise TextError("no_sentences")
        lengths = sentences.lengths
        self._check_characters(sentences.text)
        if len(sentences) > self.sentences:
            raise TextError("too_many_sentences", sentences=len(sentences), limit=self.sentences)
        longest = int(lengths.max())
        if longest > self.line:
            start = sentences.starts[int(np.argmax(lengths > self.line))]
            line = sentences.text.count("\n", 0, start) + 1
            raise TextError("line_too_long", line=line, characters=longest, limit=self.line)
        self._check_distinct(sentences.text)

    def check_running_text(self, text: str) -> None:
        """Raise an error if a text in one piece exceeds a limit; its lines may have any length.

        Raises:
            TextError: the text is empty or exceeds a limit; the message says which.
        """
        if not text:
            raise TextError("no_text")
        self._check_characters(text)
        self._check_distinct(text)

    def _check_characters(self, text: str) -> None:
        if len(text) > self.characters:
            raise TextError("text_too_long", characters=len(text), limit=self.characters)

    def _check_distinct(self, text: str) -> None:
        distinct = len(count_characters(text))
        if distinct > self.distinct:
            raise TextError("too_many_distinct_characters", distinct=distinct, limit=self.distinct)


def count_characters(text: str) -> dict[str, int]:
    """How often each character of a text occurs, line ends included, by code point."""
    counts = np.zeros(sys.maxunicode + 1, dtype=np.int64)
    for start in range(0, len(text), CHUNK):
        found = np.bincount(code_points(text[start : start + CHUNK]))
        counts[: len(found)] += found
    codes = np.flatnonzero(counts)
    return dict(zip(map(chr, codes.tolist()), counts[codes].tolist(), strict=True))


def rare_characters(counts: Mapping[str, int]) -> list[str]:
    """The characters that occur fewer than `RARE` times, line ends apart, rarest first."""
    rare = [(count, char) for char, count in counts.items() if count < RARE and char != "\n"]
    return [char for _, char in sorted(rare)]


def without_rare(text: str) -> str:
    """The text without its rare characters."""
    rare = "".join(rare_characters(count_characters(text)))
    if not rare:
        return text
    pattern = re.compile(f"[{re.escape(rare)}]")
    pieces = (text[start : start + CHUNK] for start in range(0, len(text), CHUNK))
    return "".join(pattern.sub("", piece) for piece in pieces)
