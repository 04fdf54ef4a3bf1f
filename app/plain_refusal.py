"""A refusal as the answer of a layer before Flask."""

from __future__ import annotations

import json
from http import HTTPStatus

from werkzeug.wrappers import Response


def plain_refusal(message: str, status: HTTPStatus) -> Response:
    """An answer with the sentence, in the same JSON as every other refusal."""
    body = json.dumps({"ok": False, "error": message, "field": None})
    response = Response(body, status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
