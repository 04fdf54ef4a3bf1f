"""The threading backend: one thread per connection, without eventlet."""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from flask import Flask
from flask_socketio import SocketIO
from simple_websocket import ConnectionClosed
from simple_websocket import Server as WebSocketServer
from werkzeug.serving import WSGIRequestHandler, make_server
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

from app.runtime.backends.base import (
    FRAMES_PER_SECOND,
    CountRefusal,
    CountsRefusals,
    ServerBackend,
    StrictRequests,
    ignore,
    raise_file_limit,
)
from app.runtime.config import AsyncMode
from app.runtime.peers import TokenBucket

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.5
"""Interval at which a waiting thread checks its event again."""

AFTER_REQUEST = "charnn.after_request"
"""WSGI environ key of the callbacks to run after a request."""


class ThreadingBackend(ServerBackend):
    """Serves each connection on its own thread."""

    async_mode: AsyncMode = "threading"

    def __init__(self, *, refused: CountRefusal = ignore) -> None:
        LimitedServer.refused = _RequestHandler.refused = staticmethod(refused)
        self._stop = threading.Event()

    def serve(self, app: Flask, listener: socket.socket, on_started: Callable[[], None]) -> None:
        """Serve until `stop` is called."""
        raise_file_limit()
        host, port = listener.getsockname()[:2]
        server = make_server(
            host,
            port,
            app,
            threaded=True,
            request_handler=_RequestHandler,
            fd=listener.fileno(),
        )
        # The library writes raw lines.
        server.handle_error = _log_error  # type: ignore[method-assign, assignment]
        self.spawn(lambda: server.serve_forever(poll_interval=0.1))
        on_started()
        # Signal handlers run on this thread; a signal delivered to another thread does not wake it.
        while not self._stop.wait(POLL_SECONDS):
            pass
        server.shutdown()

    def stop(self) -> None:
        """Make `serve` return."""
        self._stop.set()

    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task concurrently."""
        threading.Thread(target=task, daemon=True).start()

    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task concurrently. Callable from any thread and from signal handlers."""
        self.spawn(task)

    def sleep(self, seconds: float) -> None:
        """Suspend the caller; other tasks keep running."""
        time.sleep(seconds)

    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The socket of a request."""
        connection: socket.socket | None = environ.get("werkzeug.socket")
        return connection

    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Call a function when the request is finished."""
        environ[AFTER_REQUEST].append(call)

    def limit_messages(self, socketio: SocketIO, max_size: int) -> None:
        """Limit incoming WebSocket messages; simple-websocket has no limit by default."""
        engine = socketio.server.eio
        socket_of = functools.partial(
            ignore_close_errors(engine._async["websocket"]),  # noqa: SLF001
            max_message_size=max_size,
            event_class=_PollingEvent,
        )
        engine._async = {**engine._async, "websocket": socket_of}  # noqa: SLF001

    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of a future that another thread completes."""
        return future.result(timeout)


def ignore_close_errors(websocket: Any) -> Any:
    """A subclass of the socket class that limits frames, and ignores at `close` that it is closed.

    Engine.IO checks that the socket is open before it closes it. If the peer closes in between, its
    thread would end with a traceback.
    """

    class Tolerant(websocket):  # type: ignore[misc]
        def __call__(self, environ: Any, start_response: Any) -> Any:
            del start_response
            self.ws = LimitedServer(environ, **self.server_args)
            self.app(self)
            raise ConnectionError  # as in the base class: werkzeug must send no response

        def close(self) -> None:
            with contextlib.suppress(OSError, ConnectionClosed, LocalProtocolError):
                super().close()

    return Tolerant


def _log_error(_request: object, address: object) -> None:
    """Log the error that is being handled."""
    log.error("a request could not be handled", extra={"address": address}, exc_info=True)  # noqa: LOG014  (called in one)


class LimitedServer(CountsRefusals, WebSocketServer):  # type: ignore[misc]  # the library has no types
    """The WebSocket of a peer, closed if that sends too many frames per second."""

    def handshake(self) -> None:
        """Answer the request of the peer."""
        bucket = TokenBucket(FRAMES_PER_SECOND, time.monotonic())
        events = self.ws.events

        def counted() -> Iterator[Any]:
            for event in events():  # of a large frame, one for each piece
                if getattr(event, "frame_finished", True) and not bucket.take(time.monotonic()):
                    self.refused("websocket_closed")
                    self.close(CloseReason.POLICY_VIOLATION, "Too many frames per second")
                    raise ConnectionAbortedError  # which ends the thread that reads
                yield event

        self.ws.events = counted
        super().handshake()


class _PollingEvent(threading.Event):
    """An event whose `wait` returns regularly, for the waiter to check the socket.

    simple-websocket sets its event for a message that is too long before it marks the socket as
    closed. A thread that wakes in between would wait forever.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set, or for `POLL_SECONDS`."""
        if timeout is not None:
            return super().wait(timeout)
        super().wait(POLL_SECONDS)
        return True


class _RequestHandler(StrictRequests, WSGIRequestHandler):
    """Logs no requests, runs callbacks, and closes the connection after a WebSocket."""

    def run_wsgi(self) -> None:
        """Handle one request."""
        try:
            super().run_wsgi()
        finally:
            for call in self.environ[AFTER_REQUEST]:
                call()
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.close_connection = True

    def make_environ(self) -> dict[str, Any]:
        """The WSGI environ, with a list for callbacks."""
        environ: dict[str, Any] = super().make_environ()
        environ[AFTER_REQUEST] = []
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""
