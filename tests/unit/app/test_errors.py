"""The table of errors, and how an error reaches the client."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from string import Formatter
from typing import Any, cast

import pytest
from werkzeug.test import Client

from app import errors
from app.errors import (
    MESSAGES,
    BusyError,
    LimitExceeded,
    Notice,
    PayloadTooLarge,
    UserError,
    from_model,
)
from app.web.http.responses import error_response
from app.web.middleware.same_origin import SameOriginMiddleware
from app.web.service import SessionService
from model import ModelError

PACKAGE = Path(errors.__file__).parent
KINDS: tuple[type[UserError], ...] = (UserError, BusyError, LimitExceeded, PayloadTooLarge)
REFUSING = frozenset({*(kind.__name__ for kind in KINDS), "field_error", "_NotRead"})
"""What is called with the code of a request's error."""

INSTRUCTIONS = (
    *("ask", "break", "choose", "close", "download", "enter", "load", "open", "press", "reconnect"),
    *("reload", "restart", "send", "shorten", "start", "train", "try", "use", "wait", "withdraw"),
    "write",
)
"""The imperatives that messages may use."""


@dataclass(frozen=True)
class Use:
    """A place in the code that names a code; `values` are None where they are not written out."""

    code: str
    caller: str
    values: frozenset[str] | None
    place: str


def uses() -> Iterator[Use]:
    """Every place that hands a written code to an error or to a notice."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            caller = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if caller in REFUSING or caller == "Notice":
                place = f"{file.relative_to(PACKAGE)}:{node.lineno}"
                for code in strings_in(node.args[0]):
                    yield Use(code, caller, values_of(node, caller), place)


def strings_in(node: ast.expr) -> Iterator[str]:
    """What an expression comes to where that is a string, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from strings_in(node.body)
        yield from strings_in(node.orelse)


def values_of(call: ast.Call, caller: str) -> frozenset[str] | None:
    """The names of the values that a message gets."""
    if caller == "_NotRead":  # its handler adds the fields
        return None
    if caller == "Notice":
        given = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
        if not isinstance(given, ast.Dict):
            return None
        return frozenset(str(ast.literal_eval(key)) for key in given.keys if key is not None)
    named = {keyword.arg for keyword in call.keywords}
    if None in named or "message" in named:
        return None
    return frozenset(name for name in named if name is not None) | {"field"}


def mentioned() -> set[str]:
    """Every string that stands in the code outside of the table."""
    return {
        node.value
        for file in PACKAGE.rglob("*.py")
        if file.name != "errors.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def says_what_to_do(message: str) -> bool:
    """Whether one of its clauses begins with an instruction."""
    verbs = "|".join(INSTRUCTIONS)
    begins_clause = r"(?:^|[.:;,] )(?:or |and |then )?(?:please )?"
    return re.search(rf"{begins_clause}(?:{verbs})\b", message, re.IGNORECASE) is not None


def test_every_code_has_a_message_that_says_what_to_change() -> None:
    found = list(uses())
    assert len({use.code for use in found}) > len(MESSAGES) / 2  # the search finds what there is

    assert [use for use in found if use.code not in MESSAGES] == []
    assert set(MESSAGES) - mentioned() == set(), "nothing uses these"
    lacking = [
        use
        for use in found
        if use.values is not None and not placeholders(MESSAGES[use.code]) <= use.values
    ]
    assert lacking == [], "a message needs values that it does not get here"

    for code, message in MESSAGES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code)
        assert re.match(r'[A-Z"{]', message), f"{code}: a sentence begins"
        assert message.endswith("."), f"{code}: a sentence ends"
    requests = {use.code for use in found if use.caller in REFUSING}
    assert [code for code in requests if not says_what_to_do(MESSAGES[code])] == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_processes_whole(kind: type[UserError]) -> None:
    error = kind("too_many_copies", "id", limit=20)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own)
    assert type(again) is kind
    assert again.answer == error.answer
    assert again.status == error.status
    assert str(again) == error.message
    notice = Notice("rolled_back", {"learning_rate": 0.01})
    assert pickle.loads(pickle.dumps(notice)) == notice  # noqa: S301  (our own)


def test_an_error_has_a_status_by_its_kind() -> None:
    assert [kind("no_session").status for kind in KINDS] == [
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ]


def test_an_error_of_the_library_keeps_its_code_and_message_at_the_field_asked_for() -> None:
    error = ModelError("invalid_hidden_sizes", "hidden_sizes")
    answer = from_model(error)
    assert (answer.code, answer.message) == (error.code, error.message)
    assert (answer.field, from_model(error, "json").field) == ("hidden_sizes", "json")


def test_http_sockets_and_middleware_answer_with_an_error_in_the_same_form() -> None:
    error = UserError("unknown_text", "text", known="a, b")
    assert error.answer == {
        "ok": False,
        "code": "unknown_text",
        "error": error.message,
        "field": "text",
    }
    response = error_response(error, HTTPStatus.NOT_FOUND)
    assert (response.status_code, response.get_json(force=True)) == (404, error.answer)

    nothing = cast("Any", None)
    service = SessionService(nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    acknowledged = service.answer("ann", "nonsense", ())
    assert acknowledged["code"] == "unknown_event"

    guard = SameOriginMiddleware(nothing, local_only=True)
    refused = Client(guard).get("/", headers={"Host": "evil.example"})
    assert refused.get_json()["code"] == "other_host"
    assert set(refused.get_json()) == set(acknowledged) == set(error.answer)
