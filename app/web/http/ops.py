"""Endpoints for operations: the health check and the metrics."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from app.web.extension import extension

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
def health() -> tuple[Response, int]:
    """200 if the server can train; 503 with the reasons if it cannot, or is stopping."""
    here = extension()
    problems = list(here.engine.problems())
    if here.shutdown.begun:
        problems.append("the server is stopping")
    if problems:
        return jsonify({"ok": False, "problems": problems}), HTTPStatus.SERVICE_UNAVAILABLE
    return jsonify({"ok": True}), HTTPStatus.OK


@blueprint.get("/metrics")
def metrics() -> Response:
    """The metrics, in the Prometheus text format."""
    return Response(extension().metrics.text(), content_type=CONTENT_TYPE_LATEST)
