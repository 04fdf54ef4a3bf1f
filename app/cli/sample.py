"""`charnn sample`: generate sentences with a model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

from app import protocol
from app.cli import console
from app.cli.files import (
    IN_FILE,
    Weights,
    check_one_stdin,
    read_bytes,
    read_network,
    weights_option,
)
from app.cli.params import Entry, FiniteRange, as_typed, is_given, unknown_option
from app.cli.progress import COMPILING, announced
from model import CharModel, ModelError, decode_text
from model.network import Mode
from model.text.vocabulary import Unknown

DEFAULTS: Mapping[Mode, Mapping[str, int]] = {
    "lines": {"count": 5, "max_chars": 100},
    "text": {"count": 1, "max_chars": 1000},
}
"""How much is sampled in each mode."""


class Line(NamedTuple):
    """A sentence that is written, with its prompt.

    Attributes:
        text: the prompt and its continuation.
        log_probability: of the continuation; None unless beam search has found it.
    """

    text: str
    log_probability: float | None = None

    def __str__(self) -> str:
        if self.log_probability is None:
            return self.text
        return f"{self.log_probability:.4f}\t{self.text}"

    def to_json(self) -> str:
        """The line as a JSON object."""
        score = self.log_probability
        return json.dumps(
            {"text": self.text} | ({} if score is None else {"log_probability": score})
        )


@click.command()
@click.argument("model_file", metavar="MODEL", type=IN_FILE)
@click.option(
    "--temperature",
    default="1",
    show_default=True,
    type=Entry(protocol.TEMPERATURE),
    help="Softmax temperature: low is conservative, high is diverse.",
)
@click.option("--prime", default="", help="Text to continue.")
@click.option(
    "--prime-file",
    type=IN_FILE,
    help="File with the text to continue; the newline at its end is left out.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 100_000),
    help="Number of sentences or texts to sample; by default 5 sentences, or 1 text.",
)
@click.option(
    "--method",
    default="sample",
    show_default=True,
    type=click.Choice(["sample", "greedy", "beam"]),
    help="Sample, take the most probable character each time, or search by beam.",
)
@click.option(
    "--top-k",
    type=click.IntRange(1),
    help="Sample from this many of the most probable characters; from all by default.",
)
@click.option(
    "--top-p",
    type=FiniteRange(0, 1, min_open=True),
    help="Sample from the most probable characters that together reach this probability.",
)
@click.option(
    "--width",
    default=5,
    show_default=True,
    type=click.IntRange(1, 20),
    help="Beam width, and the number of alternatives to print.",
)
@click.option(
    "--max-chars",
    "--length",
    type=click.IntRange(1, 100_000),
    help="Cut sentences and texts after this many characters; by default 100, and texts 1,000.",
)
@click.option("--seed", type=click.IntRange(0), help="Random seed, for reproducible samples.")
@unknown_option("error", "in --prime they stop the command, are left out or become look-alikes.")
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object per line.")
def sample(
    model_file: Path,
    method: str,
    prime_file: Path | None,
    unknown: Unknown,
    weights: Weights,
    as_json: bool,
    **options: Any,
) -> None:
    """Generate sentences with MODEL, or running text; each is printed as soon as it is made.

    The method beam prints alternatives, best first: the natural logarithm of the probability, a
    tab, the sentence. A sentence cut at --max-chars is scored without its end.
    """
    context = click.get_current_context()
    _check_options_of_method(context, method)
    if prime_file is not None:
        if is_given(context, "prime"):
            raise click.UsageError("Give either --prime or --prime-file.")
        check_one_stdin([prime_file, model_file])
        options["prime"] = _read_prime(prime_file)
    model = read_network(model_file, weights)
    for name, value in DEFAULTS[model.mode].items():
        options[name] = options[name] or value
    try:
        if unknown != "error":
            options["prime"] = model.vocabulary.adapt(options["prime"], unknown)
        with announced(COMPILING):
            WARM_UP[method](model)
        for line in WRITE[method](model, options):
            console.write_line(line.to_json() if as_json else str(line))
    except ModelError as error:
        raise click.ClickException(str(error)) from None


def _read_prime(path: Path) -> str:
    try:
        return decode_text(read_bytes(path), str(path)).text.removesuffix("\n")
    except ModelError as error:
        raise click.ClickException(str(error)) from None


def _samples(model: CharModel, options: Mapping[str, Any]) -> Iterator[Line]:
    names = ("count", "temperature", "prime", "top_k", "top_p", "max_chars", "seed")
    for sentence in model.iter_samples(*(options[name] for name in names)):
        yield Line(options["prime"] + sentence)


def _greedy(model: CharModel, options: Mapping[str, Any]) -> Iterator[Line]:
    prime = options["prime"]
    yield Line(prime + model.greedy(prime, options["max_chars"]))


def _beam(model: CharModel, options: Mapping[str, Any]) -> Iterator[Line]:
    prime = options["prime"]
    for sentence, score in model.beam_search(options["width"], prime, options["max_chars"]):
        yield Line(prime + sentence, score)


WRITE: Mapping[str, Callable[[CharModel, Mapping[str, Any]], Iterator[Line]]] = {
    "sample": _samples,
    "greedy": _greedy,
    "beam": _beam,
}
"""The lines that each method prints, by its name."""

WARM_UP: Mapping[str, Callable[[CharModel], object]] = {
    "sample": lambda model: model.sample(max_chars=1),
    "greedy": lambda model: model.greedy(max_chars=1),
    "beam": lambda model: model.beam_search(width=1, max_chars=1),
}
"""The shortest use of each method, which compiles its kernels."""

METHOD_OF_OPTION = {
    "temperature": "sample",
    "count": "sample",
    "top_k": "sample",
    "top_p": "sample",
    "seed": "sample",
    "width": "beam",
}
"""The only method that each of these options applies to."""


def _check_options_of_method(context: click.Context, method: str) -> None:
    """Reject an option that has no effect on this method."""
    for name, its_method in METHOD_OF_OPTION.items():
        if its_method != method and is_given(context, name):
            raise click.UsageError(
                f"{as_typed(name)} has no effect with --method {method}: leave it out, or use "
                f"--method {its_method}."
            )
