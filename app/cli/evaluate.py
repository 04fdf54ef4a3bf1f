"""The perplexity of a text, some of whose characters the network may not know."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model import CharModel, TextError, name_characters


@dataclass(frozen=True)
class Evaluation:
    """What a network makes of a text.

    Attributes:
        perplexity: over the sentences that it can read; infinite where it has run off.
        sentences: how many those are.
        predictions: how many they make, one a character and one a sentence's end.
        left_out: how many sentences it cannot read.
        unknown: characters that it does not know, and how often each stands in the text.
    """

    perplexity: float
    sentences: int
    predictions: int
    left_out: int
    unknown: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON, which knows no infinity."""
        return {
            "perplexity": self.perplexity if math.isfinite(self.perplexity) else None,
            "sentences": self.sentences,
            "predictions": self.predictions,
            "left_out": self.left_out,
            "unknown": dict(self.unknown),
        }

    def in_words(self) -> str:
        """The figures as sentences."""
        figures = f"perplexity {self.perplexity:.3f} over {self.predictions:,} predictions"
        if not self.left_out:
            return figures
        left_out = "1 sentence was" if self.left_out == 1 else f"{self.left_out:,} sentences were"
        times = sum(self.unknown.values())
        return (
            f"{figures} of {self.sentences:,} sentences\n"
            f"{left_out} left out: the model does not know {name_characters(list(self.unknown))}, "
            f"in the text {'once' if times == 1 else f'{times:,} times'}. "
            "No probability is made up for what it cannot write."
        )


def evaluation_of(model: CharModel, sentences: Sequence[str]) -> Evaluation:
    """Evaluate a network on the sentences that it can read.

    Raises:
        TextError: it can read none of them.
    """
    vocabulary = model.vocabulary
    units = Counter(unit for sentence in sentences for unit in vocabulary.units(sentence))
    unknown = {unit: count for unit, count in units.items() if unit not in vocabulary.index}
    known = [sentence for sentence in sentences if vocabulary.can_encode(sentence)]
    if sentences and not known:
        raise TextError("no_known_sentences", characters=name_characters(list(unknown)))
    predictions = sum(len(vocabulary.units(sentence)) + 1 for sentence in known)
    left_out = len(sentences) - len(known)
    return Evaluation(model.perplexity(known), len(known), predictions, left_out, unknown)
