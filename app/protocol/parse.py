"""Parsing and validation of a page's events."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.errors import MESSAGES, UserError
from app.protocol.base import Payload
from app.protocol.events import CLIENT_EVENTS
from app.protocol.hyperparameters import HYPERPARAMETERS
from app.protocol.limits import Limits
from app.protocol.requests import DEFAULT_LIMITS
from model import errors as model_errors

P = TypeVar("P", bound=Payload)


def read_event(
    name: object, arguments: tuple[object, ...], limits: Limits = DEFAULT_LIMITS
) -> Payload:
    """The validated payload of an event from the page.

    Raises:
        UserError: the event is unknown, or its payload is malformed or out of range.
    """
    event = CLIENT_EVENTS.get(name) if isinstance(name, str) else None
    if event is None:
        raise UserError("unknown_event", known=", ".join(CLIENT_EVENTS))
    if len(arguments) > 1 or not all(isinstance(each, dict) for each in arguments):
        raise UserError("malformed_event", event=name)
    return read_payload(event.request, arguments[0] if arguments else {}, limits)


def read_payload(kind: type[P], data: object, limits: Limits = DEFAULT_LIMITS) -> P:
    """The validated payload in a decoded JSON object.

    Raises:
        UserError: it is malformed or out of range.
    """
    try:
        return kind.model_validate(data, context=limits)
    except ValidationError as error:
        raise _as_user_error(kind, error.errors(include_url=False)[0]) from None


def _as_user_error(payload: type[Payload], error: ErrorDetails) -> UserError:
    """The first error of a payload, as a `UserError` at its field."""
    place: list[Any] = [part for part in error["loc"] if isinstance(part, str)]
    field = place[-1] if place else None
    if error["type"] in MESSAGES or error["type"] in model_errors.MESSAGES:
        return UserError(error["type"], field, message=error["msg"])
    match error["type"]:
        case "missing":
            return UserError("missing_field", field)
        case "extra_forbidden" | "unexpected_keyword_argument":
            known = ", ".join(_fields(payload)) or "none"
            return UserError("unknown_field", known=known)
        case "model_type" | "dataclass_type":
            return UserError("not_an_object", field)
        case "string_type" | "string_unicode":
            return UserError("not_text", field)
        case _:
            return UserError("invalid_field", field, reason=error["msg"].lower())


def _fields(payload: type[Payload]) -> list[str]:
    """The fields of an event by their wire names, those of `options` last."""
    names = [field.alias or name for name, field in payload.model_fields.items()]
    if "options" in names:
        names += [f"options.{name}" for name in HYPERPARAMETERS]
    return names
