"""The built-in texts, described by catalogue.toml."""

from __future__ import annotations

import hashlib
import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from app.catalog.presets import PRESETS
from app.protocol.hyperparameters import DEFAULT_SIZE, Hyperparameters, SizeName

STARTING_TEXT = "essays"
"""The training text of a new session."""


@dataclass(frozen=True)
class Text:
    """A text, with recommended options.

    Attributes:
        name: name of its file, and in URLs.
        title: displayed name.
        expect: the expected result, in one line.
        measured: a measured result, in one sentence; empty if there is none.
        options: the recommended options.
        text: the text, one sentence per line.
    """

    name: str
    title: str
    expect: str
    measured: str
    options: Hyperparameters
    text: str

    @property
    def sentences(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    @property
    def about(self) -> str:
        """The expected and the measured result."""
        return f"{self.expect} {self.measured}".strip()

    @property
    def checksum(self) -> int:
        """The Adler-32 checksum, by which a page recognises the text without fetching it."""
        return zlib.adler32(self.text.encode())

    @property
    def sha256(self) -> str:
        """The checksum that a state has, by which a page knows that it need not fetch the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read(file_name: str) -> str:
    """The content of a file in data/texts."""
    return (files("app.catalog") / "data" / "texts" / file_name).read_text(encoding="utf-8")


@cache
def catalogue() -> dict[str, Text]:
    """All texts by name, in the order of the page."""
    entries = tomllib.loads(read("catalogue.toml"))["texts"]
    return {entry["name"]: _text(**entry) for entry in entries}


def _text(
    name: str, options: dict[str, Any] | None = None, size: SizeName = DEFAULT_SIZE, **words: str
) -> Text:
    """A text with its own options, or with those of a preset."""
    words.setdefault("measured", "")
    recommended = Hyperparameters.from_json(options) if options else PRESETS[size].options
    return Text(name=name, options=recommended, text=read(f"{name}.txt"), **words)


def names() -> list[str]:
    """The names of the texts, in the order of the page."""
    return list(catalogue())


def text(name: str = STARTING_TEXT) -> str:
    """The text with this name, one of `names()`: one sentence per line."""
    return get(name).text


def get(name: str) -> Text:
    """The text with this name, one of `names()`, with its description."""
    return catalogue()[name]
