"""Interface of the server backends."""

from __future__ import annotations

import contextlib
import logging
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask
from flask_socketio import SocketIO

from app.runtime.config import AsyncMode

LARGE_MESSAGES = 8
"""Unfinished messages of the maximum size for which there is memory."""

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_FILES = 65_536
FRAMES_PER_SECOND = 1000
"""WebSocket frames of a connection; a browser sends a message in one or a few."""
FILES_WITHOUT_LIMIT = 512
"""Sockets that `select` can watch on Windows, which has no limit of open files."""


CountRefusal = Callable[[str], None]
"""Counts a refusal by its code."""


def ignore(_code: str) -> None:
    """Count nothing."""


def raise_file_limit() -> int:
    """Raise the limit of open files as far as this process may; returns the limit."""
    try:
        import resource
    except ImportError:
        return FILES_WITHOUT_LIMIT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    with contextlib.suppress(OSError, ValueError):  # macOS may have a lower limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class ServerBackend(ABC):
    """Interface of a backend: runs the WSGI server and background tasks."""

    async_mode: AsyncMode

    @abstractmethod
    def serve(self, app: Flask, listener: socket.socket, on_started: Callable[[], None]) -> None:
        """Serve until `stop` is called. Calls `on_started` once connections are accepted."""

    @abstractmethod
    def stop(self) -> None:
        """Make `serve` return. May be called by a signal handler."""

    @abstractmethod
    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task concurrently."""

    @abstractmethod
    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task concurrently. Callable from any thread and from signal handlers."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Suspend the caller; other tasks keep running."""

    @abstractmethod
    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The socket of a request; None if there is none, as in a test client."""

    @abstractmethod
    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Call a function when the request, including any unread body, is finished."""

    @abstractmethod
    def limit_messages(self, socketio: SocketIO, max_size: int) -> None:
        """Limit the size of incoming WebSocket messages, in bytes."""

    @abstractmethod
    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of a future that another thread completes; other tasks keep running.

        Raises:
            TimeoutError: the future did not complete within `timeout` seconds.
        """


class CountsRefusals:
    """Mixin of classes that the libraries instantiate.

    Attributes:
        refused: counts a refusal; set by the backend.
    """

    refused: CountRefusal = staticmethod(ignore)


class StrictRequests(CountsRefusals):
    """Mixin of HTTP request handlers: refuses malformed requests, and does not log them."""

    def parse_request(self) -> bool:
        """Read the header; returns whether it is valid. Two lengths could hide a second request."""
        if not super().parse_request():  # type: ignore[misc]
            return False
        handler: Any = self
        lengths = set(handler.headers.get_all("Content-Length", ()))
        if len(lengths) > 1 or not _is_url(handler.path):
            self.refused("malformed_request")
            handler.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def log_message(self, message: str, *arguments: Any) -> None:
        """Log at the debug level; the libraries log what the peer sent, or write it as it is."""
        log.debug(message, *arguments)

    log_error = log_message


def _is_url(path: str) -> bool:
    try:
        urlsplit(path)
    except ValueError:
        return False
    return True
