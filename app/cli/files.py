"""Reading and writing files, with errors that name the file."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar, get_args

import click

from app.cli import console
from app.cli.progress import announced
from model import (
    CharModel,
    ModelCheckpoint,
    ModelError,
    Sentences,
    load_model,
    read_text,
    read_texts,
)
from model.formats import files
from model.formats.file_kinds import HEAD, FileKind

STDIO = Path("-")
"""Standard input or output, where a file is expected."""
ENCODING_ERRORS = frozenset({"encoding_not_known", "utf8_damaged", "wrong_encoding"})
"""The errors of a text that another encoding may resolve."""
LARGE = 20_000_000
"""Bytes of a file that takes seconds to read."""

Weights = Literal["best", "latest"]
_Text = TypeVar("_Text", Sentences, str)

IN_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


def force_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option to replace a file of another kind."""
    text = "Replace the output even if it is an existing file of another kind."
    return click.option("--force", is_flag=True, help=text)(command)


def weights_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option for the weights of a model file."""
    return click.option(
        "--weights",
        default="best",
        show_default=True,
        type=click.Choice(get_args(Weights)),
        help="Weights to use: those with the lowest validation loss, if the file has them, or the "
        "latest.",
    )(command)


def check_one_stdin(paths: Sequence[Path | None]) -> None:
    """Check that at most one of the inputs is standard input."""
    if paths.count(STDIO) > 1:
        raise click.UsageError("Only one file can be standard input.")


def read_sentences(corpora: Sequence[Path], encoding: str | None) -> Sentences:
    """The sentences of files, folders and standard input, one per line.

    Remarks on them are written to standard error.
    """
    return _read(read_texts, corpora, encoding)


def read_whole_text(corpora: Sequence[Path], encoding: str | None) -> str:
    """The text of files, folders and standard input, with its line breaks.

    Remarks on it are written to standard error.
    """
    return _read(read_text, corpora, encoding)


def _read(
    read: Callable[[Sequence[Path], str | None], tuple[_Text, tuple[str, ...]]],
    corpora: Sequence[Path],
    encoding: str | None,
) -> _Text:
    """What `read` reads. An error of a text names the option that may help."""
    try:
        found, remarks = read(corpora, encoding)
    except ModelError as error:
        hint = " Use --encoding." if error.code in ENCODING_ERRORS else ""
        raise click.ClickException(f"{error}{hint}") from None
    for remark in remarks:
        console.note(remark)
    return found


def read_bytes(path: Path) -> bytes:
    """The content of a file, or of standard input."""
    try:
        return sys.stdin.buffer.read() if path == STDIO else path.read_bytes()
    except (OSError, AttributeError) as error:  # without standard input it is None
        raise click.ClickException(f"{path} cannot be read: {console.reason(error)}") from None


def read_model(model_file: Path) -> ModelCheckpoint:
    """The model of a JSON file, and the state of its training."""
    content = read_bytes(model_file)
    try:
        with announced(f"Reading {model_file}.", at_once=len(content) > LARGE):
            return load_model(content)
    except ModelError as error:
        raise click.ClickException(f"{model_file}: {error}") from None


def read_network(model_file: Path, weights: Weights) -> CharModel:
    """The network of a JSON file, with its best or its latest weights."""
    saved = read_model(model_file)
    return (saved.with_best_weights() if weights == "best" else saved).model


def check_output(out: Path, kind: FileKind, force: bool, inputs: Sequence[Path] = ()) -> None:
    """Check, before any work, that an output can be written and destroys nothing.

    Args:
        out: the output. A device or a pipe is always written to.
        kind: what will be written: an existing file of this kind is replaced.
        force: whether a file of another kind is replaced too.
        inputs: files that the command reads, which are never replaced.

    Raises:
        click.ClickException: it cannot, or would; the message says what to do.
    """
    if out == STDIO:
        return
    try:
        before = files.status(out)
        if before is not None:
            _check_existing(out, before, kind, force, inputs)
        if files.is_replaced(before):
            _try_folder(out)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {console.reason(error)}") from None


def is_replaced(out: Path) -> bool:
    """Whether writing to the output replaces a file, and does not add to a stream."""
    return out != STDIO and files.is_replaced(files.status(out))


def write_file(out: Path, content: bytes) -> None:
    """Write a file atomically, or to a device, a pipe or standard output.

    Raises:
        click.ClickException: it cannot be written.
    """
    try:
        if out == STDIO:
            console.write_bytes(content)
        else:
            files.write_file(out, content)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {console.reason(error)}") from None


def _check_existing(
    out: Path, before: os.stat_result, kind: FileKind, force: bool, inputs: Sequence[Path]
) -> None:
    mode = before.st_mode
    if stat.S_ISDIR(mode):
        raise click.ClickException(f"{out} is a directory: name a file.")
    if any(_reads(path, out, before, kind) for path in inputs if path != STDIO):
        raise click.ClickException(f"{out} is read by this command: name another file.")
    if stat.S_ISCHR(mode) or stat.S_ISFIFO(mode):
        return
    if not (mode & 0o222 and os.access(out, os.W_OK)):  # root may write to it all the same
        raise click.ClickException(f"{out} is read-only: name another file, or change its mode.")
    if not force and not (stat.S_ISREG(mode) and _is_empty_or(out, kind)):
        raise click.ClickException(
            f"{out} exists and is not {kind.name}: name another file, or replace it with --force."
        )


def _reads(path: Path, out: Path, before: os.stat_result, kind: FileKind) -> bool:
    """Whether an input is the output, or a folder in which the output may be a text."""
    if not path.is_dir():
        return os.path.samestat(path.stat(), before)
    inside = Path(os.path.realpath(out)).is_relative_to(os.path.realpath(path))
    return inside and not _is_empty_or(out, kind)


def _is_empty_or(path: Path, kind: FileKind) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    return not head or kind.matches(head)


def _try_folder(out: Path) -> None:
    """Create a file beside the output, as writing it will, and remove it."""
    folder = Path(os.path.realpath(out)).parent
    if not folder.is_dir():
        raise click.ClickException(f"The directory {folder} does not exist: create it first.")
    part, descriptor = files.new_part(folder)
    os.close(descriptor)
    part.unlink()
