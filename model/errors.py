"""The errors of the library: each message says what to change."""

from __future__ import annotations


class ModelError(ValueError):
    """Something given to the library cannot be used.

    `field` names what is at fault ("hidden_sizes", "text", "json", …), so that a caller can show
    the message where the value was entered.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TextError(ModelError):
    """Sentences that nothing can be learnt from, or with characters the model does not know."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "text")


class SettingsError(ModelError):
    """An option of a network or of its training that is out of range."""


class FormatError(ModelError):
    """A saved model that is damaged, or is not one."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "json")
