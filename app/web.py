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
from app.copy_id import is_copy_id
from app.engine import Engine
from app.frames import options_of
from app.http_answers import NO_SESSION, as_attachment, known_session, refuse
from app.identity import Identity
from app.metrics import Metrics
from app.model_http import Models
from app.protocol import MAX_LINE, BroughtText, Refused
from app.refusal import Refusal
from app.settings import ServerSettings
from app.shares import NO_SUCH_COPY
from app.snapshot import Snapshot

HISTORY_FILE = "charnn-history.csv"


def make_web(
    settings: ServerSettings,
    identity: Identity,
    engine: Engine,
    models: Models,
    metrics: Metrics,
    is_stopping: Callable[[], bool],
    has_copy: Callable[[str], bool],
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

    def the_page(copy_id: str = "") -> Response:
        session_id = identity.session_id(request.cookies)
        response = Response(
            render_template(
                "index.html",
                version=version("charnn"),
                upload=settings.limits.upload,
                cards=list(pretrained.cards().values()),
                texts=[texts.described(name) for name in texts.names()],
                most_characters=settings.limits.text,
                longest_line=MAX_LINE,
                copy_id=copy_id,
                is_new=session_id is None,
            )
        )
        response.headers["Cache-Control"] = "no-store"  # it comes with its visitor's cookie
        identity.give(response, session_id, request.is_secure)
        return response

    @web.get("/")
    def page() -> Response:
        return the_page()

    @web.get("/s/<path:copy_id>")  # whatever else it may be, it is told on the same page
    def shared(copy_id: str) -> tuple[Response, int] | Response:
        # It opens nothing by itself: a link on another site would replace a visitor's network.
        try:
            if not (is_copy_id(copy_id) and has_copy(copy_id)):
                return no_copy(NO_SUCH_COPY), HTTPStatus.NOT_FOUND
        except Refusal as refusal:
            return no_copy(refusal.message), HTTPStatus.SERVICE_UNAVAILABLE
        return _unlisted(the_page(copy_id))

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


def no_copy(message: str) -> Response:
    """A page in place of a shared network that cannot be opened."""
    return _unlisted(Response(render_template("no_copy.html", message=message)))


def _unlisted(response: Response) -> Response:
    """Have no search engine list it: who knows the link was given it by somebody."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


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
