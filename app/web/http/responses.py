"""Answers of HTTP that more than one place gives."""

from __future__ import annotations

import json
from http import HTTPStatus

from werkzeug.wrappers import Response

from app.errors import UserError


def error_response(error: UserError, status: HTTPStatus | None = None) -> Response:
    """An error as JSON, for views and middleware alike; with a status other than its own if given.

    It is never cached.
    """
    response = Response(
        json.dumps(error.answer), status=status or error.status, mimetype="application/json"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def as_attachment(response: Response, name: str) -> Response:
    """A response that browsers save as a file of this name, and never answer from a cache."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
