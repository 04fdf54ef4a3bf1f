"""Standard output and standard error, whatever is behind them: a terminal, a pipe, a full disk."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import click

INTERRUPTED = 128 + 2  # the exit code of a program that SIGINT has ended

_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys, and those that reverse the order of others."""


def write_line(text: str) -> None:
    """Write a line to standard output, at once.

    A terminal gets control characters escaped. Characters that the encoding lacks become question
    marks, with a warning.

    Raises:
        click.ClickException: standard output is closed, or takes no more.
    """
    with _output() as stdout:
        if stdout.isatty():
            text = escape_controls(text)
        stdout.write(_encodable(text, stdout) + "\n")


def write_bytes(content: bytes) -> None:
    """Write bytes to standard output.

    Raises:
        click.ClickException: as `write_line` does.
    """
    with _output() as stdout:
        stdout.flush()
        stdout.buffer.write(content)


def note(text: str) -> None:
    """Write a line to standard error. That nothing reads it any more is no error."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)


def escape_controls(text: str) -> str:
    r"""The text with its control characters written out, such as \x1b; tabs and newlines stay."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Program(click.Group):
    """A command whose interruption and whose broken output end without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; Ctrl-C ends it with exit code 130."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            note("Interrupted.")
            ctx.exit(INTERRUPTED)
        except MemoryError:
            raise click.ClickException("There is not enough memory for this.") from None

    def main(self, *args: Any, **extra: Any) -> Any:
        """Parse the command line and run the subcommand."""
        try:
            return super().main(*args, **extra)
        except OSError as error:
            _discard_output()
            note(f"Error: {reason(error)}")
            sys.exit(1)


@contextlib.contextmanager
def _output() -> Iterator[io.TextIOWrapper]:
    """Standard output, flushed in the end, with its errors as messages."""
    stdout = sys.stdout
    if stdout is None:  # Python was started without one
        raise click.ClickException("Standard output is closed.")
    try:
        yield stdout  # type: ignore[misc]
        stdout.flush()
    except (OSError, ValueError) as error:
        _discard_output()
        raise click.ClickException(f"Standard output: {reason(error)}") from None


def _encodable(text: str, stdout: io.TextIOWrapper) -> str:
    """The text with question marks for the characters that the encoding lacks."""
    encoding = stdout.encoding or "utf-8"
    try:
        text.encode(encoding, stdout.errors or "strict")
    except UnicodeEncodeError:
        _warn_of_encoding(encoding)
        return text.encode(encoding, "replace").decode(encoding)
    return text


@functools.cache
def _warn_of_encoding(encoding: str) -> None:
    """Say once that characters are replaced."""
    note(
        f"Warning: the encoding of standard output, {encoding}, lacks some characters; they are "
        "written as ?. PYTHONIOENCODING=utf-8 changes the encoding."
    )


def _discard_output() -> None:
    """Let what is still in the buffer go nowhere: Python would try to write it at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def reason(error: Exception) -> str:
    """The reason of an error as a sentence, without its number."""
    text = getattr(error, "strerror", None) or str(error)
    return f"{text.rstrip('.')}."
