"""The page and the few things that are better asked over HTTP than over a socket."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from prometheus_client import CONTENT_TYPE_LATEST

from app.commands import Save
from app.engine import Engine
from app.events import Answering, refused
from app.identity import Identity
from app.metrics import Metrics
from app.model_json import json_of
from app.refusal import Refusal
from app.settings import ServerSettings
from app.snapshot import Snapshot

MODEL_FILE = "charnn-model.json"
HISTORY_FILE = "charnn-history.csv"

NO_SESSION: Mapping[str, Any] = {
    "ok": False,
    "error": "There is no session here yet: open the page first.",
    "field": None,
}
TOO_LARGE: Mapping[str, Any] = {
    "ok": False,
    "error": "This file is too large to be a model that can be trained here.",
    "field": "json",
}
NOT_TEXT: Mapping[str, Any] = {
    "ok": False,
    "error": "This file is not text in UTF-8: take a model's JSON.",
    "field": "json",
}


def make_web(
    settings: ServerSettings,
    identity: Identity,
    engine: Engine,
    answering: Answering,
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
    web.config["MAX_CONTENT_LENGTH"] = settings.limits.upload

    @web.get("/")
    def page() -> Response:
        response = Response(render_template("index.html", version=version("charnn")))
        response.headers["Cache-Control"] = "no-store"  # it comes with its visitor's cookie
        identity.give(response, identity.session_id(request.cookies), request.is_secure)
        return response

    @web.get("/api/model.json")
    def download_model() -> tuple[Response, int] | Response:
        session_id = _known_session(identity, engine)
        if session_id is None:
            return _refuse(NO_SESSION, HTTPStatus.NOT_FOUND)
        try:
            saved = answering.carry_out(session_id, Save())
            content = json_of(saved) if saved else ""
        except Refusal as refusal:
            return _refuse(refused(refusal), HTTPStatus.SERVICE_UNAVAILABLE)
        return _attachment(content, MODEL_FILE, "application/json")

    @web.put("/api/model.json")
    def upload_model() -> tuple[Response, int] | Response:
        session_id = _known_session(identity, engine)
        if session_id is None:
            return _refuse(NO_SESSION, HTTPStatus.NOT_FOUND)
        try:
            saved = request.get_data(cache=False).decode("utf-8-sig")
        except UnicodeDecodeError:
            return _refuse(NOT_TEXT, HTTPStatus.BAD_REQUEST)
        answer = answering.answer(session_id, "load", ({"json": saved},))
        return jsonify(answer), HTTPStatus.OK if answer["ok"] else HTTPStatus.BAD_REQUEST

    @web.get("/api/history.csv")
    def history() -> tuple[Response, int] | Response:
        session_id = _known_session(identity, engine)
        snapshot = engine.snapshot(session_id) if session_id else None
        if snapshot is None:
            return _refuse(NO_SESSION, HTTPStatus.NOT_FOUND)
        return _attachment(history_csv(snapshot), HISTORY_FILE, "text/csv")

    @web.get("/healthz")
    def health() -> tuple[Response, int]:
        if is_stopping():
            return jsonify({"ok": False}), HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify({"ok": True}), HTTPStatus.OK

    @web.get("/metrics")
    def figures() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    @web.errorhandler(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    def too_large(_error: Exception) -> tuple[Response, int]:
        return _refuse(TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    return web


def history_csv(snapshot: Snapshot) -> str:
    """The curve as a table."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["step", "epoch", "seconds", "perplexity"])
    for point in snapshot.points:
        table.writerow(
            [point.step, f"{point.epoch:.4f}", f"{point.seconds:.4f}", f"{point.perplexity:.6g}"]
        )
    return out.getvalue()


def _folder(name: str) -> Path:
    """Where the page's files are: beside the package in a checkout, inside it when installed."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name


def _known_session(identity: Identity, engine: Engine) -> str | None:
    """The visitor's session, if it is being trained."""
    session_id = identity.session_id(request.cookies)
    return session_id if session_id and engine.snapshot(session_id) else None


def _refuse(answer: Mapping[str, Any], status: HTTPStatus) -> tuple[Response, int]:
    return jsonify(answer), status


def _attachment(content: str, name: str, kind: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
