"""The texts that charnn brings along."""

from importlib.resources import files

STARTING_TEXT = "essays"
"""What a new session learns."""


def text(name: str = STARTING_TEXT) -> str:
    """A text by its name, one sentence a line."""
    return (files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
