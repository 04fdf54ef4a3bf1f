"""Reading and writing files, with errors that name the file."""

from __future__ import annotations

from pathlib import Path

import click

from model import CharModel, ModelError, sentences_from_text
from model.formats import files


def read_sentences(corpus: Path) -> list[str]:
    """The sentences of a text file, one per line."""
    try:
        return sentences_from_text(corpus.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise click.ClickException(f"{corpus} is not UTF-8 text: save it as UTF-8.") from None


def read_model(model_file: Path) -> CharModel:
    """The model of a JSON file."""
    try:
        return CharModel.from_json(model_file.read_bytes())
    except ModelError as error:
        raise click.ClickException(f"{model_file}: {error}") from None


def check_can_write(out: Path) -> None:
    """Fail before the work, not after it, if the directory does not exist."""
    if not out.parent.is_dir():
        raise click.ClickException(f"The directory {out.parent} does not exist: create it first.")


def write_file(out: Path, content: bytes) -> None:
    """Write a file atomically."""
    try:
        files.write_file(out, content)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}.") from None
