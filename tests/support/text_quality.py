"""What every text has to be, so that a network learns from it what is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

LONGEST_LINE = 120
"""Characters: a sample is cut off at about as many."""


def faults(sentences: Sequence[str]) -> list[str]:
    """What is wrong with a text, in a sentence each; none where all is well."""
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
    """How many of the runs of so many words are there only once or first: 1 where none repeats."""
    runs = [
        tuple(words[start : start + length])
        for words in map(str.split, sentences)
        for start in range(len(words) - length + 1)
    ]
    return len(set(runs)) / len(runs)
