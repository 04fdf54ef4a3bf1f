"""Counts the refusals of all other middleware and of the application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from app.runtime.metrics import Metrics
from app.web.http.responses import CODE_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class RefusalMetrics:
    """WSGI middleware that counts responses with the header of an error code."""

    def __init__(self, app: WSGIApplication, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Any:  # the type is WSGI's
            for name, value in headers:
                if name == CODE_HEADER:
                    self._metrics.refused(value)
            return start_response(status, headers, *error)

        return self._app(environ, start)
