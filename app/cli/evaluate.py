"""`charnn evaluate`: the perplexity of a model on a text, which may have unknown characters."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app.cli.files import read_model, read_sentences
from app.cli.params import READABLE_FILE
from model import CharModel, ModelError, TextError, format_chars


@click.command()
@click.argument("model_file", metavar="MODEL", type=READABLE_FILE)
@click.argument("corpus", type=READABLE_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(model_file: Path, corpus: Path, as_json: bool) -> None:
    """Print the perplexity of MODEL on the sentences in CORPUS.

    Sentences with characters unknown to the model are left out, and counted.
    """
    try:
        evaluation = evaluate_model(read_model(model_file), read_sentences(corpus))
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(evaluation.as_json()) if as_json else evaluation.in_words())


@dataclass(frozen=True)
class Evaluation:
    """The perplexity of a text, with the counts behind it.

    Attributes:
        perplexity: over the sentences without unknown characters; infinite if the network diverged.
        sentences: their number.
        predictions: their number: one per character and one per end of a sentence.
        left_out: number of skipped sentences, which have unknown characters.
        unknown: unknown characters, each with its count in the text.
    """

    perplexity: float
    sentences: int
    predictions: int
    left_out: int
    unknown: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """The evaluation as JSON; an infinite perplexity is null."""
        return {
            "perplexity": self.perplexity if math.isfinite(self.perplexity) else None,
            "sentences": self.sentences,
            "predictions": self.predictions,
            "left_out": self.left_out,
            "unknown": dict(self.unknown),
        }

    def in_words(self) -> str:
        """The evaluation as text."""
        result = f"perplexity {self.perplexity:.3f} over {self.predictions:,} predictions"
        if not self.left_out:
            return result
        left_out = "1 sentence was" if self.left_out == 1 else f"{self.left_out:,} sentences were"
        times = sum(self.unknown.values())
        return (
            f"{result} of {self.sentences:,} sentences\n"
            f"{left_out} left out: the model does not know {format_chars(list(self.unknown))}, "
            f"in the text {'once' if times == 1 else f'{times:,} times'}."
        )


def evaluate_model(model: CharModel, sentences: Sequence[str]) -> Evaluation:
    """The evaluation of a model on the sentences without unknown characters.

    Raises:
        TextError: every sentence has unknown characters.
    """
    vocabulary = model.vocabulary
    units = Counter(unit for sentence in sentences for unit in vocabulary.tokenize(sentence))
    unknown = {unit: count for unit, count in units.items() if unit not in vocabulary.index}
    known = [sentence for sentence in sentences if vocabulary.can_encode(sentence)]
    if sentences and not known:
        raise TextError("no_known_sentences", characters=format_chars(list(unknown)))
    predictions = sum(len(vocabulary.tokenize(sentence)) + 1 for sentence in known)
    left_out = len(sentences) - len(known)
    return Evaluation(model.perplexity(known), len(known), predictions, left_out, unknown)
