"""Common HTTP responses."""

from __future__ import annotations

import json
from http import HTTPStatus

from werkzeug.wrappers import Response

from app.errors import UserError


def error_response(error: UserError, status: HTTPStatus | None = None) -> Response:
    """An error as JSON, never cached; `status` overrides the error's own status."""
    response = Response(
        json.dumps(error.answer), status=status or error.status, mimetype="application/json"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def as_attachment(response: Response, name: str) -> Response:
    """The response as a download with this file name, never cached."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
