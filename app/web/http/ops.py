"""Endpoints for operations: the health checks and the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.wrappers import Response as AnyResponse

from app.engines.base import Problem
from app.errors import UserError
from app.web.extension import extension
from app.web.http.responses import error_response

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
def health() -> tuple[Response, int]:
    """200 while the server is alive; 503 with the problems if it must be restarted."""
    return _verdict(extension().engine.problems())


@blueprint.get("/readyz")
def readiness() -> tuple[Response, int]:
    """200 while the server can train and save; 503 with the problems otherwise."""
    here = extension()
    problems = [*here.engine.problems(), *here.engine.obstacles()]
    if here.shutdown.begun:
        problems.append(Problem("stopping", "the server is stopping"))
    return _verdict(problems)


def _verdict(problems: Sequence[Problem]) -> tuple[Response, int]:
    if not problems:
        return jsonify({"ok": True}), HTTPStatus.OK
    found = [problem._asdict() for problem in problems]
    return jsonify({"ok": False, "problems": found}), HTTPStatus.SERVICE_UNAVAILABLE


@blueprint.get("/metrics")
def metrics() -> AnyResponse:
    """The metrics, in the Prometheus text format; not for visitors who come through a proxy."""
    if _is_forwarded():
        return error_response(UserError("metrics_private"), HTTPStatus.NOT_FOUND)
    return Response(extension().metrics.text(), content_type=CONTENT_TYPE_LATEST)


def _is_forwarded() -> bool:
    """Whether a trusted proxy has named another address than its own."""
    original = request.environ.get("werkzeug.proxy_fix.orig", {})
    return bool(original.get("REMOTE_ADDR", request.remote_addr) != request.remote_addr)
