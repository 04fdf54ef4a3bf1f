"""What all payloads from a page have in common, and how their entries are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from app.errors import message_of

Status = Literal["compiling", "learning", "paused"]
Replacement = Literal["restart", "load", "undo"]
"""How a network took another's place: as a new one, as a loaded one, or by being brought back."""
Level = Literal["info", "warning", "error"]


class Payload(BaseModel):
    """What an event from the page carries; nothing more is accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def one_of(name: str, known: tuple[str, ...]) -> Callable[[object], object]:
    """A check that an entry is one of the known ones, called by its name in the refusal."""

    def check(choice: object) -> object:
        if choice not in known:
            raise field_error(
                "unknown_choice", name=name, known=", ".join(known[:-1]), last=known[-1]
            )
        return choice

    return check


def field_error(code: str, **values: object) -> PydanticCustomError:
    """The error that becomes a `UserError` of this code at the field that is validated."""
    return PydanticCustomError(code, "{message}", {"message": message_of(code, **values)})
