"""Quality checks of the built-in texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

LONGEST_LINE = 120
"""Characters; samples are truncated at about this length."""


def faults(sentences: Sequence[str]) -> list[str]:
    """The problems of a text, a sentence each."""
    twice = [sentence for sentence, count in Counter(sentences).items() if count > 1]
    return [
        *(f"It stands there twice: {sentence}" for sentence in twice),
        *(f"It {fault}: {sentence!r}" for sentence in sentences for fault in _faults(sentence)),
    ]


def _faults(sentence: str) -> Iterator[str]:
    if not sentence.strip():
        yield "is blank"
    elif sentence != sentence.strip():
        yield "has spaces around it"
    if not sentence.isprintable():
        yield "has characters that cannot be printed"
    if len(sentence) > LONGEST_LINE:
        yield f"has {len(sentence)} characters, and {LONGEST_LINE} are the most"


def distinct_share(sentences: Sequence[str], length: int = 4) -> float:
    """The share of distinct word n-grams; 1 means that none repeats."""
    runs = [
        tuple(words[start : start + length])
        for words in map(str.split, sentences)
        for start in range(len(words) - length + 1)
    ]
    return len(set(runs)) / len(runs)
