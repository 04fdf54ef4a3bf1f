"""What there is to know of the texts that charnn brings along, read from catalogue.toml."""

from __future__ import annotations

import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from app.protocol.hyperparameters import Hyperparameters

STARTING_TEXT = "essays"
"""What a new session learns."""


@dataclass(frozen=True)
class Text:
    """A text, and options that suit it.

    Attributes:
        name: of its file, and in addresses.
        title: its name for people.
        expect: what will come of it, in a line.
        measured: what has been measured of it, in a sentence; empty where nothing was.
        options: what the network for it is best made with.
        text: its sentences, one a line.
    """

    name: str
    title: str
    expect: str
    measured: str
    options: Hyperparameters
    text: str

    @property
    def sentences(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    @property
    def about(self) -> str:
        """All that is said of it: what to expect, and what was measured."""
        return f"{self.expect} {self.measured}".strip()

    @property
    def checksum(self) -> int:
        """By which a page knows the text when it sees it, without fetching it: Adler-32."""
        return zlib.adler32(self.text.encode())


def read(file_name: str) -> str:
    """A file of the folder data/texts."""
    return (files("app.catalog") / "data" / "texts" / file_name).read_text(encoding="utf-8")


@cache
def catalogue() -> dict[str, Text]:
    """All texts by their names, in the order in which they are offered."""
    entries = tomllib.loads(read("catalogue.toml"))["texts"]
    return {entry["name"]: _text(**entry) for entry in entries}


def _text(name: str, options: dict[str, Any] | None = None, **words: str) -> Text:
    words.setdefault("measured", "")
    suited = Hyperparameters.from_json(options or {})
    return Text(name=name, options=suited, text=read(f"{name}.txt"), **words)


def names() -> list[str]:
    """The texts there are, in the order in which they are offered."""
    return list(catalogue())


def text(name: str = STARTING_TEXT) -> str:
    """A text by its name, which is one of `names()`: one sentence a line."""
    return get(name).text


def get(name: str) -> Text:
    """A text by its name, which is one of `names()`, with all that is known of it."""
    return catalogue()[name]
