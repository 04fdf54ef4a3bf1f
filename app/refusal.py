"""What a visitor is told when something that was asked for cannot be done."""

from __future__ import annotations

UNEXPECTED = "Something went wrong on the server, and this has not been done. Please try again."


class Refusal(Exception):  # noqa: N818  (nothing failed: it is an answer)
    """What was asked for cannot be done, and changed nothing.

    Attributes:
        message: says what to change, to the person who asked.
        field: names what is at fault, so that the page can show the message there; None for the
            whole.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message, field)  # both, so that it comes through pickle whole
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return self.message
