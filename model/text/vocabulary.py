"""The characters of a network and their token numbers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.errors import FormatError, TextError
from model.text.characters import MAX_SHOWN, join_quoted, look_alikes, quoted
from model.text.sentences import Sentences, code_points

_SURROGATE = re.compile("[\ud800-\udfff]")

TOKEN = np.uint16
"""The type of tokens: those of a long text take two bytes a character."""
MAX_TOKENS = 2**16
IndexArray = npt.NDArray[np.uint16]

Unknown = Literal["error", "skip", "replace"]
"""What to do with unknown characters: raise an error, leave them out, or write look-alikes."""


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
        if len(chars) >= MAX_TOKENS:
            raise TextError(
                "too_many_distinct_characters", distinct=len(chars), limit=MAX_TOKENS - 1
            )
        if not all(map(_is_character, chars)):
            raise FormatError("vocabulary_entry_not_a_character")
        self.chars: tuple[str, ...] = tuple(chars)
        self.index: Mapping[str, int] = {c: i for i, c in enumerate(self.chars, start=1)}
        if len(self.index) != len(self.chars):
            raise FormatError("duplicate_character")
        self._in_utf16_units = bool(_SURROGATE.search("".join(self.chars)))

    @classmethod
    def from_sentences(cls, sentences: Iterable[str], min_count: int = 1) -> Vocabulary:
        """The distinct characters of the sentences, in the order of first appearance.

        If one is a lone half of a surrogate pair, it is a vocabulary of UTF-16 units. Characters
        that occur fewer than `min_count` times are left out; `adapt_sentences` takes them out of
        the sentences.

        Raises:
            TextError: the sentences have no characters, or none that occurs so often.
        """
        counts = Sentences.of(sentences).count_chars()
        if _SURROGATE.search("".join(counts)):
            units = Counter[str]()
            for char, count in counts.items():
                units.update(dict.fromkeys(_utf16_units(char), count))
            counts = units
        return cls([char for char, count in counts.items() if count >= min_count])

    def __len__(self) -> int:
        """The number of tokens: the characters, and START/END."""
        return len(self.chars) + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.chars == other.chars

    def __hash__(self) -> int:
        return hash(self.chars)

    def tokenize(self, text: str) -> list[str]:
        """The text as a list of characters, or of UTF-16 units.

        If some are unknown, they are those of the Unicode normalisation form, composed (NFC) or
        decomposed (NFD), that has fewer unknown ones.
        """
        if not isinstance(text, str):
            raise TextError("not_a_string", kind=type(text).__name__)
        units = self._units(text)
        unknown = self._count_unknown(units)
        for form in ("NFC", "NFD") if unknown else ():
            normalized = self._units(unicodedata.normalize(form, text))
            if self._count_unknown(normalized) < unknown:
                units, unknown = normalized, self._count_unknown(normalized)
        return units

    def unknown(self, text: str) -> list[str]:
        """The distinct characters of the text that are not in it, in the order of appearance."""
        return [unit for unit in dict.fromkeys(self.tokenize(text)) if unit not in self.index]

    def can_encode(self, text: str) -> bool:
        """Whether all characters of the text are in it."""
        return not self.unknown(text)

    def contains(self, chars: Iterable[str]) -> bool:
        """Whether it has all of these characters as they are, in no other normalisation form."""
        return not self._count_unknown(self._units("".join(chars)))

    def encode(self, text: str) -> IndexArray:
        """The tokens of a text, (characters,), uint16.

        Raises:
            TextError: characters are not in the vocabulary; the message names the first ones, and
                look-alikes that are.
        """
        try:
            return np.array([self.index[unit] for unit in self.tokenize(text)], dtype=TOKEN)
        except KeyError:
            characters = self.format_unknown(self.unknown(text))
            raise TextError("unknown_characters", characters=characters) from None

    def encode_known(self, text: str) -> IndexArray | None:
        """The tokens of a long text, one for each character; None if `encode` must be used.

        It must if characters are unknown, or the tokens are UTF-16 units.
        """
        if self._in_utf16_units:
            return None
        table = np.zeros(ord(max(self.chars)) + 2, dtype=TOKEN)  # the last is for all beyond
        table[code_points("".join(self.chars))] = np.arange(1, len(self))
        tokens: IndexArray = table[np.minimum(code_points(text), len(table) - 1)]
        return tokens if tokens.all() else None

    def adapt(self, text: str, unknown: Unknown = "error") -> str:
        """The text in the characters of the vocabulary.

        Args:
            text: any text.
            unknown: "skip" leaves unknown characters out, "replace" writes the look-alike of each
                instead, if there is one.

        Raises:
            TextError: as `encode` does, if `unknown` is "error".
        """
        missing = self.unknown(text)
        if missing and unknown == "error":
            raise TextError("unknown_characters", characters=self.format_unknown(missing))
        written = dict.fromkeys(missing, "")
        if unknown == "replace":
            written = {unit: self.look_alike(unit) or "" for unit in missing}
        return self._join(written.get(unit, unit) for unit in self.tokenize(text))

    def look_alike(self, char: str) -> str | None:
        """What the vocabulary has that looks like this character; None if there is nothing."""
        return next((each for each in look_alikes(char) if self.can_encode(each)), None)

    def format_unknown(self, characters: Sequence[str]) -> str:
        """A list of unknown characters for a message, with look-alikes that are known."""
        shown = []
        for char in characters[:MAX_SHOWN]:
            known = self.look_alike(char)
            hint = "" if known is None else f" (it knows {' '.join(map(quoted, known))})"
            shown.append(quoted(char) + hint)
        return join_quoted(shown, len(characters))

    def decode(self, indices: Iterable[int]) -> str:
        """The text of tokens, all of them 1 or more."""
        return self._join(self.chars[index - 1] for index in indices)

    def _units(self, text: str) -> list[str]:
        return _utf16_units(text) if self._in_utf16_units else list(text)

    def _count_unknown(self, units: Iterable[str]) -> int:
        return sum(unit not in self.index for unit in units)

    def _join(self, units: Iterable[str]) -> str:
        text = "".join(units)
        if not self._in_utf16_units:
            return text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_character(entry: Any) -> bool:
    return isinstance(entry, str) and len(entry) == 1


def _utf16_units(text: str) -> list[str]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [chr(unit) for unit in np.frombuffer(encoded, dtype="<u2")]
