"""The base of all payloads from a page, and the errors of their fields."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from app.errors import message_of
from model import ModelError

Status = Literal["compiling", "learning", "paused"]
PauseReason = Literal["diverged", "over_limit", "failed"]
"""Why the server paused a network: it diverges however low the learning rate is, it exceeds a limit
of the server, or its training failed."""
Replacement = Literal["restart", "load", "undo"]
"""How a network replaced another: as a new one, a loaded one, or a restored one."""
Level = Literal["info", "warning", "error"]


class Payload(BaseModel):
    """The payload of an event from the page; unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def field_error(code: str, **values: object) -> PydanticCustomError:
    """The error that becomes a `UserError` with this code, at the field being validated."""
    return PydanticCustomError(code, "{message}", {"message": message_of(code, **values)})


def field_error_from(error: ModelError) -> PydanticCustomError:
    """The error that becomes a `UserError` with the code and message of the library's."""
    return PydanticCustomError(error.code, "{message}", {"message": error.message})
