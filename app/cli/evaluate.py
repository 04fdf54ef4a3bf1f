"""`charnn evaluate`: the loss of a model on a text, which may have unknown characters."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import click

from app.cli import console
from app.cli.files import (
    IN_FILE,
    Weights,
    check_one_stdin,
    read_network,
    read_sentences,
    read_whole_text,
    weights_option,
)
from app.cli.params import text_arguments, unknown_option
from app.cli.progress import COMPILING, PATIENCE, Progress, announced
from model import CharModel, ModelError, TextError, adapt_sentences, format_chars, select_known
from model.metrics import losses_and_predictions, perplexity_of
from model.text.vocabulary import Unknown

CHUNK = 500
"""Sentences that are evaluated together, between two reports."""


@click.command()
@click.argument("model_file", metavar="MODEL", type=IN_FILE)
@text_arguments
@unknown_option("skip", "leave their sentences out, write look-alikes, or stop.")
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--per-line",
    is_flag=True,
    help="Print the perplexity of each sentence, a tab and the sentence; with --json, an object.",
)
def evaluate(
    model_file: Path,
    corpora: Sequence[Path],
    encoding: str | None,
    unknown: Unknown,
    weights: Weights,
    as_json: bool,
    per_line: bool,
) -> None:
    """Print the loss of MODEL on CORPUS: nats and bits per character, and the perplexity.

    CORPUS is read as by charnn train, in the mode of the model. Sentences with characters unknown
    to the model are left out, and counted; with --per-line they have a - in place of the
    perplexity. With --unknown replace characters without a look-alike are left out of their
    sentences. Running text is evaluated with the state carried through it; unknown characters are
    left out of it.
    """
    check_one_stdin([model_file, *corpora])
    model = read_network(model_file, weights)
    if model.mode == "text":
        if per_line:
            raise click.UsageError(
                "--per-line is for models of lines; this one reads running text."
            )
        _evaluate_text(model, read_whole_text(corpora, encoding), unknown, as_json)
        return
    sentences = read_sentences(corpora, encoding)
    try:
        if unknown != "skip":
            sentences = adapt_sentences(model.vocabulary, sentences, unknown)
        with announced(COMPILING):
            model.losses([model.vocabulary.decode([1])])
        if per_line:
            for score in scores(model, sentences):
                console.write_line(score.to_json() if as_json else str(score))
            return
        with Progress("Evaluating", len(sentences), delay=PATIENCE) as progress:
            evaluation = evaluate_model(model, sentences, progress)
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    console.write_line(json.dumps(evaluation.as_json()) if as_json else evaluation.in_words())


def _evaluate_text(model: CharModel, text: str, unknown: Unknown, as_json: bool) -> None:
    """Evaluate a model of running text."""
    known, counts = text, Counter[str]()
    try:
        if model.vocabulary.encode_known(text) is None:
            units = model.vocabulary.tokenize(text)
            counts = Counter(unit for unit in units if unit not in model.vocabulary.index)
            known = model.vocabulary.adapt(text, unknown)
        with announced(COMPILING):
            perplexity = model.perplexity(known)
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    left_out = counts.total() if unknown == "skip" else 0
    evaluation = Evaluation(perplexity, 1, len(known), left_out, counts)
    if as_json:
        console.write_line(json.dumps(evaluation.as_json()))
        return
    console.write_line(f"{evaluation.losses()}, over {len(known):,} characters")
    if counts:
        console.write_line(
            f"The model does not know {format_chars(list(counts))}, in the text "
            f"{counts.total():,} times."
        )


class Score(NamedTuple):
    """The perplexity of a sentence; None if it has unknown characters."""

    text: str
    perplexity: float | None

    def __str__(self) -> str:
        score = "-" if self.perplexity is None else f"{self.perplexity:.3f}"
        return f"{score}\t{self.text}"

    def to_json(self) -> str:
        """The score as a JSON object; an infinite perplexity is null, as an unknown one."""
        finite = self.perplexity is not None and math.isfinite(self.perplexity)
        return json.dumps({"text": self.text, "perplexity": self.perplexity if finite else None})


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
        """The evaluation as JSON; an infinite perplexity or loss is null."""
        return {
            "perplexity": self.perplexity if self._is_finite else None,
            "nats": math.log(self.perplexity) if self._is_finite else None,
            "bits": math.log2(self.perplexity) if self._is_finite else None,
            "sentences": self.sentences,
            "predictions": self.predictions,
            "left_out": self.left_out,
            "unknown": dict(self.unknown),
        }

    @property
    def _is_finite(self) -> bool:
        return math.isfinite(self.perplexity)

    def losses(self) -> str:
        """The losses as text."""
        nats, bits = math.log(self.perplexity), math.log2(self.perplexity)
        return f"perplexity {self.perplexity:.3f}, {nats:.4f} nats, {bits:.4f} bits a prediction"

    def in_words(self) -> str:
        """The evaluation as text."""
        result = f"{self.losses()}, over {self.predictions:,} predictions"
        if not self.left_out:
            return result
        left_out = "1 sentence was" if self.left_out == 1 else f"{self.left_out:,} sentences were"
        times = sum(self.unknown.values())
        return (
            f"{result} of {self.sentences:,} sentences\n"
            f"{left_out} left out: the model does not know {format_chars(list(self.unknown))}, "
            f"in the text {'once' if times == 1 else f'{times:,} times'}."
        )


def scores(model: CharModel, sentences: Sequence[str]) -> Iterator[Score]:
    """The score of each sentence, in their order."""
    for chunk in _chunks(sentences):
        perplexities: list[float | None] = [None] * len(chunk)
        known = [place for place, each in enumerate(chunk) if model.vocabulary.can_encode(each)]
        if known:
            losses, counts = losses_and_predictions(model, [chunk[place] for place in known])
            for place, loss, predictions in zip(known, losses, counts, strict=True):
                perplexities[place] = perplexity_of(float(loss), int(predictions))
        yield from map(Score, chunk, perplexities)


def _chunks(sentences: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(sentences), CHUNK):
        yield sentences[begin : begin + CHUNK]


def evaluate_model(
    model: CharModel, sentences: Sequence[str], progress: Progress | None = None
) -> Evaluation:
    """The evaluation of a model on the sentences without unknown characters.

    Raises:
        TextError: every sentence has unknown characters.
    """
    vocabulary = model.vocabulary
    known, left_out, unknown = select_known(vocabulary, sentences)
    if left_out and not known:
        characters = vocabulary.format_unknown(list(unknown))
        raise TextError("no_known_sentences", characters=characters)
    loss, predictions = 0.0, 0
    for number, chunk in enumerate(_chunks(known)):
        losses, counts = losses_and_predictions(model, chunk)
        loss += float(losses.sum())
        predictions += int(counts.sum())
        if progress is not None:
            progress.show(number * CHUNK, f"{number * CHUNK:,} sentences")
    perplexity = perplexity_of(loss, predictions)
    return Evaluation(perplexity, len(known), predictions, len(left_out), unknown)
