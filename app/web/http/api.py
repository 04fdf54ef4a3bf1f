"""The API of the built-in texts, of samples, and of the curve as CSV."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from app.catalog import texts
from app.catalog.python_texts import PythonText, python_texts
from app.errors import LimitExceeded, PayloadTooLarge, UserError
from app.protocol import BuiltInText, read_payload
from app.protocol.sharing import Sample
from app.sessions.snapshot import Snapshot
from app.web.extension import Extension, extension
from app.web.http.responses import as_attachment, error_response

HISTORY_FILE = "charnn-history.csv"
MAX_SAMPLE_BYTES = 16_384
"""Bytes of a request for samples: a prompt of the maximum length, escaped, and the options."""

blueprint = Blueprint("api", __name__)


@blueprint.get("/api/texts/<name>")
def text(name: str) -> AnyResponse:
    """A built-in text as JSON; a long one is stored, and only its beginning is sent."""
    here = extension()
    if name in python_texts():
        try:
            return jsonify(_serialize_stored(here, python_texts()[name]))
        except UserError as refused:
            return error_response(refused)
    if name not in texts.names():
        known = ", ".join([*texts.names(), *python_texts()])
        error = UserError("unknown_text", "text", known=known)
        return error_response(error, HTTPStatus.NOT_FOUND)
    return jsonify(_serialize(texts.get(name)))


@blueprint.post("/api/sample")
def sample() -> AnyResponse:
    """Completions of a prompt by the session's network or a shared copy, as JSON."""
    try:
        return jsonify(_sampled())
    except UserError as error:
        missing = error.code in {"no_session", "no_such_copy"}
        return error_response(error, HTTPStatus.NOT_FOUND if missing else None)


def _sampled() -> Mapping[str, Any]:
    here, limits = extension(), extension().config.limits
    if not here.sample_limiter.take(request.remote_addr or "", time.monotonic()):
        raise LimitExceeded("samples_per_second", limit=limits.samples_per_second)
    request.max_content_length = MAX_SAMPLE_BYTES
    try:
        body = request.get_json(force=True, silent=True)
    except RequestEntityTooLarge:
        raise PayloadTooLarge("packet_too_large") from None
    if not isinstance(body, dict):
        raise UserError("malformed_event", event="POST /api/sample")
    asked = read_payload(Sample, body, limits)
    return here.service.sample(here.known_session() if asked.copy_id is None else "", asked)


@blueprint.get("/api/history.csv")
def history() -> AnyResponse:
    """The session's curve as CSV."""
    here = extension()
    try:
        snapshot = here.engine.snapshot(here.known_session())
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    table = history_csv(snapshot) if snapshot else ""
    return as_attachment(Response(table, mimetype="text/csv"), HISTORY_FILE)


def history_csv(snapshot: Snapshot) -> str:
    """The curve as CSV."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        ["step", "epoch", "seconds", "perplexity", "held_out_perplexity", "learning_rate"]
    )
    for point in snapshot.points:
        table.writerow(
            [
                point.step,
                f"{point.epoch:.4f}",
                f"{point.seconds:.4f}",
                f"{point.perplexity:.6g}",
                "" if point.validation is None else f"{point.validation:.6g}",
                "" if point.learning_rate is None else f"{point.learning_rate:.6g}",
            ]
        )
    return out.getvalue()


def _serialize_stored(here: Extension, text: PythonText) -> BuiltInText:
    beginning, stored = here.service.store_text(text.read)
    return {
        "ok": True,
        "text": beginning,
        "stored": stored,
        "title": text.title,
        "expect": text.expect,
        "measured": "",
        "options": text.options.to_json(),
    }


def _serialize(text: texts.Text) -> BuiltInText:
    return {
        "ok": True,
        "text": text.text,
        "stored": None,
        "title": text.title,
        "expect": text.expect,
        "measured": text.measured,
        "options": text.options.to_json(),
    }
