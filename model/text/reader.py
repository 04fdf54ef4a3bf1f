"""Reads texts from files, folders and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from model.errors import TextError
from model.text.decoding import decode_text
from model.text.limits import TextLimits
from model.text.sentences import Sentences, sentences_from_text

STDIN = Path("-")
"""The path that stands for standard input."""

MAX_NAMED = 3
"""Files named in a remark before it says how many more there are."""

_SKIPPED_IN_FOLDERS = frozenset({"not_a_text", "text_is_model"})
"""The errors of a file that a folder may have beside its texts."""


class TextRead(NamedTuple):
    """Sentences, and how they were read.

    Attributes:
        sentences: of all files, in their order.
        remarks: what a person should know, each a sentence: an assumed encoding, skipped files.
    """

    sentences: Sentences
    remarks: tuple[str, ...]


class WholeText(NamedTuple):
    """A text with its line breaks, and how it was read.

    Attributes:
        text: of all files, one after the other.
        remarks: as those of `TextRead`.
    """

    text: str
    remarks: tuple[str, ...]


def read_texts(
    paths: Sequence[Path | str], encoding: str | None = None, limits: TextLimits | None = None
) -> TextRead:
    """The sentences of files, folders and standard input, as `read_text` reads them.

    Raises:
        TextError, SettingsError: as `read_text` does; or a line is too long, or there are too many.
    """
    limits = limits or TextLimits()
    text, remarks = _read(paths, encoding, limits)
    sentences = sentences_from_text(text)
    limits.check(sentences)
    return TextRead(sentences, remarks)


def read_text(
    paths: Sequence[Path | str], encoding: str | None = None, limits: TextLimits | None = None
) -> WholeText:
    """The text of files, folders and standard input, one after the other.

    A folder stands for its files, sorted by name, and then for those of its folders; hidden ones,
    saved models and what is no text are skipped. Files may be compressed, and each is in an
    encoding of its own, see `decode_text`.

    Args:
        paths: of files and folders; `-` is standard input.
        encoding: of all files; detected if None.
        limits: of the text that they make; those of `TextLimits` if None.

    Raises:
        TextError: a file cannot be read or is no text, or the text is empty or too large.
        SettingsError: there is no such encoding.
    """
    limits = limits or TextLimits()
    read = _read(paths, encoding, limits)
    limits.check_running_text(read.text)
    return read


def _read(paths: Sequence[Path | str], encoding: str | None, limits: TextLimits) -> WholeText:
    reader = _Reader(encoding, limits.bytes)
    for path in map(Path, paths):
        reader.read(path)
    return WholeText(reader.take_text(), tuple(reader.remarks))


def encoding_remark(name: str, encoding: str) -> str | None:
    """A remark on an encoding that was assumed; None if it is certain."""
    if encoding != "cp1252":
        return None
    return f"{name} is not in UTF-8 and was read as Windows-1252: check accents and quotes."


class _Reader:
    """Reads files until their bytes reach a limit."""

    def __init__(self, encoding: str | None, max_bytes: int) -> None:
        self.remarks: list[str] = []
        self._encoding = encoding
        self._max_bytes = max_bytes
        self._texts: list[str] = []

    def take_text(self) -> str:
        """The text of all files, which the reader forgets."""
        text = "\n".join(self._texts)
        self._texts.clear()
        return text

    def read(self, path: Path) -> None:
        """Read a file, or the files of a folder."""
        if path == STDIN:
            self._decode(sys.stdin.buffer.read(self._max_bytes + 1), "Standard input")
        elif path.is_dir():
            self._read_folder(path)
        else:
            self._read_file(path)

    def _read_folder(self, folder: Path) -> None:
        before, skipped = len(self._texts), []
        for path in _files_in(folder):
            try:
                self._read_file(path)
            except TextError as error:
                if error.code not in _SKIPPED_IN_FOLDERS:
                    raise
                skipped.append(path)
        if len(self._texts) == before:
            raise TextError("folder_without_texts", name=str(folder))
        if skipped:
            self.remarks.append(_skipped_remark(skipped))

    def _read_file(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                content = file.read(self._max_bytes + 1)
        except FileNotFoundError:
            raise TextError("file_not_found", name=str(path)) from None
        except OSError as error:
            raise TextError("file_unreadable", name=str(path), reason=error.strerror) from None
        self._decode(content, str(path))

    def _decode(self, content: bytes, name: str) -> None:
        text, encoding = decode_text(content, name, self._encoding, self._max_bytes)
        self._max_bytes -= len(text)
        remark = encoding_remark(name, encoding) if self._encoding is None else None
        if remark is not None:
            self.remarks.append(remark)
        self._texts.append(text)


def _files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder, then of its folders, without hidden ones and linked folders."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _skipped_remark(paths: Sequence[Path]) -> str:
    named = ", ".join(map(str, paths[:MAX_NAMED]))
    more = len(paths) - MAX_NAMED
    return f"Skipped what is no text: {named}" + (f" and {more:,} more." if more > 0 else ".")
