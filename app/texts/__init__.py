"""The texts that charnn brings along."""

from app.texts.catalogue import Text, catalogue

__all__ = ["STARTING_TEXT", "Text", "described", "names", "text"]

STARTING_TEXT = "essays"
"""What a new session learns."""


def names() -> list[str]:
    """The texts there are, in the order in which they are offered."""
    return list(catalogue())


def text(name: str = STARTING_TEXT) -> str:
    """A text by its name, which is one of `names()`: one sentence a line."""
    return described(name).text


def described(name: str) -> Text:
    """A text by its name, which is one of `names()`, with all that is known of it."""
    return catalogue()[name]
