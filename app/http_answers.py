"""What several addresses answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request

from app.engine import Engine
from app.identity import Identity

NO_SESSION: Mapping[str, Any] = {
    "ok": False,
    "error": "There is no session here yet: open the page first.",
    "field": None,
}


def known_session(identity: Identity, engine: Engine) -> str | None:
    """The visitor's session, if it is being trained."""
    session_id = identity.session_id(request.cookies)
    return session_id if session_id and engine.snapshot(session_id) else None


def refuse(answer: Mapping[str, Any], status: HTTPStatus) -> tuple[Response, int]:
    """A refusal, with the status that says so to programs."""
    return jsonify(answer), status


def as_attachment(response: Response, name: str) -> Response:
    """Have it saved as a file of this name, and never answered from a cache."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
