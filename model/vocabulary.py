"""The characters that a network reads and writes, and their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from model.errors import FormatError, TextError

_SURROGATE = re.compile("[\ud800-\udfff]")

IndexArray = npt.NDArray[np.int32]

SHOWN_UNKNOWN = 10  # unknown characters named in a message before it says "and N more"


def sentences_from_text(text: str) -> list[str]:
    """The sentences of a text, one a line: trimmed, blank lines dropped."""
    lines = text.replace("\r", "\n").split("\n")
    return [line for line in map(str.strip, lines) if line]


class Vocabulary:
    """An ordered set of characters, numbered from 1; index 0 stands for START and END.

    Vocabularies made in a browser may hold halves of UTF-16 surrogate pairs, because JavaScript
    indexes strings by UTF-16 unit. Such a vocabulary reads and writes UTF-16 units; every other
    one reads and writes whole characters.
    """

    def __init__(self, chars: Sequence[str]) -> None:
        if not chars:
            raise TextError("empty_vocabulary")
        if any(len(char) != 1 for char in chars):
            raise FormatError("vocabulary_entry_not_a_character")
        self.chars: tuple[str, ...] = tuple(chars)
        self.index: Mapping[str, int] = {c: i for i, c in enumerate(self.chars, start=1)}
        if len(self.index) != len(self.chars):
            raise FormatError("duplicate_character")
        self._in_utf16_units = bool(_SURROGATE.search("".join(self.chars)))

    @classmethod
    def from_sentences(cls, sentences: Iterable[str]) -> Vocabulary:
        """One entry per distinct character, in the order of first appearance.

        A text with a lone half of a surrogate pair in it makes a vocabulary of UTF-16 units.

        Raises:
            TextError: the sentences hold no character at all.
        """
        text = "".join(sentences)
        units = _utf16_units(text) if _SURROGATE.search(text) else text
        return cls(list(dict.fromkeys(units)))

    def __len__(self) -> int:
        """Number of inputs, which is that of outputs: the characters and START/END."""
        return len(self.chars) + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.chars == other.chars

    def __hash__(self) -> int:
        return hash(self.chars)

    def tokenize(self, text: str) -> list[str]:
        """The text cut into what one entry of this vocabulary stands for."""
        return _utf16_units(text) if self._in_utf16_units else list(text)

    def unknown(self, text: str) -> list[str]:
        """The distinct characters of the text that are no entry, in order of appearance."""
        return [unit for unit in dict.fromkeys(self.tokenize(text)) if unit not in self.index]

    def can_encode(self, text: str) -> bool:
        """Whether every character of the text is an entry."""
        return not self.unknown(text)

    def encode(self, text: str) -> IndexArray:
        """The indices of the text's characters, shape (characters,), int32.

        Raises:
            TextError: a character is no entry; the message names the first ones.
        """
        try:
            return np.array([self.index[unit] for unit in self.tokenize(text)], dtype=np.int32)
        except KeyError:
            characters = format_chars(self.unknown(text))
            raise TextError("unknown_characters", characters=characters) from None

    def decode(self, indices: Iterable[int]) -> str:
        """The text that indices from 1 on stand for."""
        text = "".join(self.chars[index - 1] for index in indices)
        if not self._in_utf16_units:
            return text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def format_chars(characters: Sequence[str]) -> str:
    """A list of characters for a message: the first few quoted, the rest counted."""
    shown = ", ".join(repr(c) for c in characters[:SHOWN_UNKNOWN])
    more = len(characters) - SHOWN_UNKNOWN
    noun = "the character" if len(characters) == 1 else "the characters"
    return f"{noun} {shown}" + (f" and {more} more" if more > 0 else "")


def _utf16_units(text: str) -> list[str]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [chr(unit) for unit in np.frombuffer(encoded, dtype="<u2")]
