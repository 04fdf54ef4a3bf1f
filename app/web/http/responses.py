"""Common HTTP responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus

from werkzeug.wrappers import Response

from app.errors import UserError

PIECE = 65_536
"""Characters that are encoded at a time."""
CODE_HEADER = "X-Error-Code"
"""The header with the code of an error, whatever form the response has."""


def error_response(error: UserError, status: HTTPStatus | None = None) -> Response:
    """An error as JSON; `status` overrides the error's own status."""
    response = Response(
        json.dumps(error.answer), status=status or error.status, mimetype="application/json"
    )
    return with_error(response, error)


def with_error(response: Response, error: UserError) -> Response:
    """The response to an error: never cached, and with the error's code in a header."""
    response.headers["Cache-Control"] = "no-store"
    response.headers[CODE_HEADER] = error.code
    return response


def as_attachment(response: Response, name: str) -> Response:
    """The response as a download with this file name, never cached."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def json_with_text(text: str, **rest: object) -> Iterator[bytes]:
    """JSON with these values and a text, in pieces: encoding a large one blocks the server.

    A lone half of a surrogate pair is escaped, as UTF-8 has none.
    """
    yield json.dumps(rest)[:-1].encode() + b', "text": "'
    for start in range(0, len(text), PIECE):
        piece = json.dumps(text[start : start + PIECE], ensure_ascii=False)[1:-1]
        yield piece.encode("utf-8", "backslashreplace")
    yield b'"}'
