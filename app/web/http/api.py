"""The API of the built-in texts and of the curve as CSV."""

from __future__ import annotations

import csv
import io
from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from werkzeug.wrappers import Response as AnyResponse

from app.catalog import texts
from app.errors import UserError
from app.protocol import BuiltInText
from app.sessions.snapshot import Snapshot
from app.web.extension import extension
from app.web.http.responses import as_attachment, error_response

HISTORY_FILE = "charnn-history.csv"

blueprint = Blueprint("api", __name__)


@blueprint.get("/api/texts/<name>")
def text(name: str) -> AnyResponse:
    """A built-in text as JSON."""
    if name not in texts.names():
        error = UserError("unknown_text", "text", known=", ".join(texts.names()))
        return error_response(error, HTTPStatus.NOT_FOUND)
    return jsonify(_serialize(texts.get(name)))


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


def _serialize(text: texts.Text) -> BuiltInText:
    return {
        "ok": True,
        "text": text.text,
        "title": text.title,
        "expect": text.expect,
        "measured": text.measured,
        "options": text.options.to_json(),
    }
