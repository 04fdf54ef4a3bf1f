"""The characters of a network and their token numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import FormatError, TextError

_SURROGATE = re.compile("[\ud800-\udfff]")

IndexArray = npt.NDArray[np.int32]

SHOWN_UNKNOWN = 10  # unknown characters named in a message before it says "and N more"


def sentences_from_text(text: str) -> list[str]:
    """The sentences of a text: its lines, trimmed, without blank ones."""
    lines = text.replace("\r", "\n").split("\n")
    return [line for line in map(str.strip, lines) if line]


def as_sentences(sentences: Iterable[str]) -> list[str]:
    """The sentences as a list.

    Raises:
        TextError: this is a text, which would be read as sentences of one character, or something
            else that is not a collection of str.
    """
    if isinstance(sentences, str | bytes) or not isinstance(sentences, Iterable):
        raise TextError("sentences_not_a_list", kind=type(sentences).__name__)
    given = list(sentences)
    for sentence in given:
        if not isinstance(sentence, str):
            raise TextError("not_a_string", kind=type(sentence).__name__)
    return given


class Vocabulary:
    """An ordered set of characters, numbered from 1; 0 is START and END.

    Vocabularies made in a browser may contain halves of UTF-16 surrogate pairs, because JavaScript
    indexes strings by UTF-16 unit. The tokens of such a vocabulary are UTF-16 units, those of any
    other are characters.

    Attributes:
        chars: the characters, in the order of their numbers.
        index: the number of each character.
    """

    def __init__(self, chars: Sequence[str]) -> None:
        if not chars:
            raise TextError("empty_vocabulary")
        if not all(map(_is_character, chars)):
            raise FormatError("vocabulary_entry_not_a_character")
        self.chars: tuple[str, ...] = tuple(chars)
        self.index: Mapping[str, int] = {c: i for i, c in enumerate(self.chars, start=1)}
        if len(self.index) != len(self.chars):
            raise FormatError("duplicate_character")
        self._in_utf16_units = bool(_SURROGATE.search("".join(self.chars)))

    @classmethod
    def from_sentences(cls, sentences: Iterable[str]) -> Vocabulary:
        """The distinct characters of the sentences, in the order of first appearance.

        If one is a lone half of a surrogate pair, it is a vocabulary of UTF-16 units.

        Raises:
            TextError: the sentences have no characters.
        """
        text = "".join(as_sentences(sentences))
        units = _utf16_units(text) if _SURROGATE.search(text) else text
        return cls(list(dict.fromkeys(units)))

    def __len__(self) -> int:
        """The number of tokens: the characters, and START/END."""
        return len(self.chars) + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.chars == other.chars

    def __hash__(self) -> int:
        return hash(self.chars)

    def tokenize(self, text: str) -> list[str]:
        """The text as a list of characters, or of UTF-16 units."""
        if not isinstance(text, str):
            raise TextError("not_a_string", kind=type(text).__name__)
        return _utf16_units(text) if self._in_utf16_units else list(text)

    def unknown(self, text: str) -> list[str]:
        """The distinct characters of the text that are not in it, in the order of appearance."""
        return [unit for unit in dict.fromkeys(self.tokenize(text)) if unit not in self.index]

    def can_encode(self, text: str) -> bool:
        """Whether all characters of the text are in it."""
        return not self.unknown(text)

    def encode(self, text: str) -> IndexArray:
        """The tokens of a text, (characters,), int32.

        Raises:
            TextError: characters are not in the vocabulary; the message names the first ones.
        """
        try:
            return np.array([self.index[unit] for unit in self.tokenize(text)], dtype=np.int32)
        except KeyError:
            characters = format_chars(self.unknown(text))
            raise TextError("unknown_characters", characters=characters) from None

    def decode(self, indices: Iterable[int]) -> str:
        """The text of tokens, all of them 1 or more."""
        text = "".join(self.chars[index - 1] for index in indices)
        if not self._in_utf16_units:
            return text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def format_chars(characters: Sequence[str]) -> str:
    """A list of characters for a message: the first ones quoted, the rest counted."""
    shown = ", ".join(repr(c) for c in characters[:SHOWN_UNKNOWN])
    more = len(characters) - SHOWN_UNKNOWN
    noun = "the character" if len(characters) == 1 else "the characters"
    return f"{noun} {shown}" + (f" and {more} more" if more > 0 else "")


def _is_character(entry: Any) -> bool:
    return isinstance(entry, str) and len(entry) == 1


def _utf16_units(text: str) -> list[str]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [chr(unit) for unit in np.frombuffer(encoded, dtype="<u2")]
