"""`charnn sample`: generate sentences with a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from app import protocol
from app.cli.files import read_model
from app.cli.params import READABLE_FILE, Entry, as_typed, is_given
from model import CharModel, ModelError


@click.command()
@click.argument("model_file", metavar="MODEL", type=READABLE_FILE)
@click.option(
    "--temperature",
    default="1",
    show_default=True,
    type=Entry(protocol.TEMPERATURE),
    help="Softmax temperature: low is conservative, high is diverse.",
)
@click.option("--prime", default="", help="Text to continue.")
@click.option(
    "--count",
    default=5,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Number of sentences to sample.",
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
    type=click.FloatRange(0, 1, min_open=True),
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
    default=100,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Cut sentences after this many characters.",
)
@click.option("--seed", type=click.IntRange(0), help="Random seed, for reproducible samples.")
def sample(model_file: Path, method: str, **options: Any) -> None:
    """Generate sentences with MODEL.

    The method beam prints alternatives, best first: the natural logarithm of the probability, a
    tab, the sentence. A sentence cut at --max-chars is scored without its end.
    """
    _check_options_of_method(click.get_current_context(), method)
    model = read_model(model_file)
    try:
        for line in WRITE[method](model, options):
            click.echo(line)
    except ModelError as error:
        raise click.ClickException(str(error)) from None


def _samples(model: CharModel, options: Mapping[str, Any]) -> list[str]:
    names = ("count", "temperature", "prime", "top_k", "top_p", "max_chars", "seed")
    written = model.samples(*(options[name] for name in names))
    return [options["prime"] + sentence for sentence in written]


def _greedy(model: CharModel, options: Mapping[str, Any]) -> list[str]:
    prime = options["prime"]
    return [prime + model.greedy(prime, options["max_chars"])]


def _beam(model: CharModel, options: Mapping[str, Any]) -> list[str]:
    prime = options["prime"]
    found = model.beam_search(options["width"], prime, options["max_chars"])
    return [f"{log_probability:.4f}\t{prime}{sentence}" for sentence, log_probability in found]


WRITE: Mapping[str, Callable[[CharModel, Mapping[str, Any]], list[str]]] = {
    "sample": _samples,
    "greedy": _greedy,
    "beam": _beam,
}
"""The lines that each method prints, by its name."""

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
