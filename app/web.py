"""The page and the few things that are better asked over HTTP than over a socket."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request
from prometheus_client import CONTENT_TYPE_LATEST

from app import pretrained, texts
from app.compressed import compress
from app.engine import Engine
from app.frames import options_of
from app.http_answers import NO_SESSION, as_attachment, known_session, refuse
from app.identity import Identity
from app.metrics import Metrics
from app.model_http import Models
from app.protocol import MAX_LINE, BroughtText, Refused
from app.settings import ServerSettings
from app.snapshot import Snapshot

HISTORY_FILE = "charnn-history.csv"


def make_web(
    settings: ServerSettings,
    identity: Identity,
    engine: Engine,
    models: Models,
    metrics: Metrics,
    is_stopping: Callable[[], bool],
) -> Flask:
    """The Flask application."""
    web = Flask(
        "charnn",
        root_path=str(Path(__file__).parent),
        template_folder=str(_folder("templates")),
        static_folder=str(_folder("static")),
    )
    web.register_blueprint(models.blueprint())
    web.after_request(compress)

    @web.get("/")
    def page() -> Response:
        response = Response(
            render_template(
                "index.html",
                version=version("charnn"),
                upload=settings.limits.upload,
                cards=list(pretrained.cards().values()),
                texts=[texts.described(name) for name in texts.names()],
                most_characters=settings.limits.text,
                longest_line=MAX_LINE,
            )
        )
        response.headers["Cache-Control"] = "no-store"  # it comes with its visitor's cookie
        identity.give(response, identity.session_id(request.cookies), request.is_secure)
        return response

    @web.get("/api/texts/<name>")
    def text(name: str) -> tuple[Response, int] | Response:
        if name not in texts.names():
            return refuse(_no_such_text(), HTTPStatus.NOT_FOUND)
        return jsonify(_as_answer(texts.described(name)))

    @web.get("/api/history.csv")
    def history() -> tuple[Response, int] | Response:
        session_id = known_session(identity, engine)
        snapshot = engine.snapshot(session_id) if session_id else None
        if snapshot is None:
            return refuse(NO_SESSION, HTTPStatus.NOT_FOUND)
        return as_attachment(Response(history_csv(snapshot), mimetype="text/csv"), HISTORY_FILE)

    @web.get("/healthz")
    def health() -> tuple[Response, int]:
        if is_stopping():
            return jsonify({"ok": False}), HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify({"ok": True}), HTTPStatus.OK

    @web.get("/metrics")
    def figures() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return web


def history_csv(snapshot: Snapshot) -> str:
    """The curve as a table."""
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
                "" if point.held_out is None else f"{point.held_out:.6g}",
                "" if point.learning_rate is None else f"{point.learning_rate:.6g}",
            ]
        )
    return out.getvalue()


def _as_answer(text: texts.Text) -> BroughtText:
    return {
        "ok": True,
        "text": text.text,
        "title": text.title,
        "expect": text.expect,
        "measured": text.measured,
        "options": options_of(text.options),
    }


def _no_such_text() -> Refused:
    known = ", ".join(texts.names())
    return {"ok": False, "error": f"There is no such text. There are {known}.", "field": "text"}


def _folder(name: str) -> Path:
    """Where the page's files are: beside the package in a checkout, inside it when installed."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name
