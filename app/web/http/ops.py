"""Endpoints for operations: the health checks and the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from app.engines.base import Problem
from app.web.extension import extension

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
def metrics() -> Response:
    """The metrics, in the Prometheus text format."""
    return Response(extension().metrics.text(), content_type=CONTENT_TYPE_LATEST)
