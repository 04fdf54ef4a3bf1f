"""What `charnn train` does without options: the mode, and the size of a network for a text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from app.cli.params import as_typed, is_given
from app.protocol.hyperparameters import arguments_of
from model import ModelCheckpoint
from model.network import Mode
from model.text.line_detection import lines_are_sentences
from model.training.sizes import Size, size_for

COMPRESSED = (".gz", ".bz2", ".xz")


def chosen_mode(context: click.Context, text: str, saved: ModelCheckpoint | None) -> Mode:
    """The mode that is given, that of the model to resume, or the one that fits the text."""
    if is_given(context, "mode"):
        mode: Mode = context.params["mode"]
        return mode
    if saved is not None:
        return saved.model.mode
    return "lines" if lines_are_sentences(text) else "text"


def chosen_size(context: click.Context, mode: Mode, characters: int) -> str | None:
    """The name of the size that is given, or that fits the text; None in the mode lines.

    Raises:
        click.UsageError: a size is given in the mode lines.
    """
    name: str | None = context.params["size"]
    if mode == "text":
        return name or size_for(characters)
    if name is not None:
        raise click.UsageError(
            "--size is for running text, and each line of this text is a sentence: leave --size "
            "out, or add --mode text."
        )
    return None


def with_defaults_of(
    size: Size, context: click.Context, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The options, with those of the size in place of all that are not given."""
    ours = {
        **{name: size.network[its] for name, its in arguments_of("network").items()},
        **{name: getattr(size.config, its) for name, its in arguments_of("training").items()},
    }
    del ours["seed"]
    return {
        name: ours[name] if name in ours and not is_given(context, name) else value
        for name, value in options.items()
    }


def default_out(corpus: Path) -> Path:
    """The model file of a text, in the current folder: book.json for book.txt or book.txt.gz.

    Raises:
        click.UsageError: it exists, and may have taken an hour to train.
    """
    name = corpus.name
    for suffix in COMPRESSED:
        name = name.removesuffix(suffix)
    out = Path(f"{Path(name).stem.strip('-') or 'model'}.json")
    if out.exists():
        raise click.UsageError(
            f"{out} exists: continue its training with --from {out}, or name the model to write "
            "with --out."
        )
    return out


def described(size: str, options: Mapping[str, Any], seconds: float | None) -> str:
    """The network and the time of its training, as part of a sentence."""
    kind, sizes = options["kind"].upper(), ", ".join(map(str, options["hidden_sizes"]))
    about = "" if seconds is None else f", about {_duration(seconds)}"
    return (
        f"size {size}: {kind} [{sizes}], letter vectors of {options['letter_size']}, "
        f"dropout {options['dropout']:g}, {options['optimizer']}{about}"
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def check_no_network_options(context: click.Context) -> None:
    """Reject options of a new network: a resumed network keeps its own.

    Raises:
        click.UsageError: one is given.
    """
    for name in (*arguments_of("network"), "size", "min_count"):
        if is_given(context, name):
            option = as_typed(name)
            raise click.UsageError(
                f"{option} is set by the model to resume: leave out {option} or --from."
            )
