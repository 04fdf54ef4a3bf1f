"""The eventlet backend: all connections on one thread.

This is the only module that imports eventlet. Nothing is monkey-patched: training threads stay
native threads, and wake the eventlet thread through a socket pair.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from flask import Flask
from flask_socketio import SocketIO

from app.runtime.backends.base import ServerBackend
from app.runtime.config import AsyncMode

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_CONNECTIONS = 10_000
"""Open at once; each costs eventlet a few kilobytes."""


class EventletBackend(ServerBackend):
    """Serves everything on one thread, which must not block."""

    async_mode: AsyncMode = "eventlet"

    def __init__(self) -> None:
        # Not at the top: the threading mode works without eventlet.
        with warnings.catch_warnings():  # eventlet warns that it is deprecated
            warnings.simplefilter("ignore")
            import eventlet
            import eventlet.websocket
            import eventlet.wsgi

        _patch_eventlet_websocket(eventlet.websocket)
        self._eventlet = eventlet
        self._stopped = eventlet.event.Event()
        self._calls: deque[Callable[[], Any]] = deque()
        self._wake_up, self._sleeper = socket.socketpair()
        self._wake_up.setblocking(False)
        self._sleeper.setblocking(False)
        self.spawn(self._run_calls)

    def serve(self, app: Flask, listener: socket.socket, on_started: Callable[[], None]) -> None:
        """Serve until `stop` is called."""
        server = self._eventlet.spawn(
            self._eventlet.wsgi.server,
            self._eventlet.greenio.GreenSocket(listener),
            app,
            log=logging.getLogger("app.http"),
            log_output=False,
            debug=False,
            max_size=MAX_CONNECTIONS,
        )
        server.link(lambda _: self.stop())
        on_started()
        self._stopped.wait()

    def stop(self) -> None:
        """Make `serve` return."""
        self._call_soon(self._set_stopped)

    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task concurrently."""
        self._eventlet.spawn(task)

    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task concurrently. Callable from any thread and from signal handlers."""
        self._call_soon(lambda: self.spawn(task))

    def sleep(self, seconds: float) -> None:
        """Suspend the caller; other tasks keep running."""
        self._eventlet.sleep(seconds)

    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The socket of a request."""
        connection: socket.socket = environ["eventlet.input"].get_socket()
        return connection

    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Call a function when the request is finished."""
        environ["eventlet.posthooks"].append((lambda _environ: call(), (), {}))

    def limit_messages(self, socketio: SocketIO, max_size: int) -> None:
        """Do nothing: `_patch_eventlet_websocket` applies the frame limit to whole messages."""

    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of a future that another thread completes."""
        done = self._eventlet.event.Event()
        future.add_done_callback(lambda _: self._call_soon(done.send))
        with self._eventlet.Timeout(timeout, exception=False):
            done.wait()
        return future.result(timeout=0)

    def _set_stopped(self) -> None:
        if not self._stopped.ready():
            self._stopped.send()

    def _call_soon(self, call: Callable[[], Any]) -> None:
        """Call a function on eventlet's thread. Callable from any thread or signal handler."""
        self._calls.append(call)
        with contextlib.suppress(BlockingIOError):  # full: a wake-up is pending already
            self._wake_up.send(b"\0")

    def _run_calls(self) -> None:
        while True:
            self._eventlet.hubs.trampoline(self._sleeper.fileno(), read=True)
            self._sleeper.recv(4096)
            while self._calls:
                self._run_call(self._calls.popleft())

    def _run_call(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except Exception:  # the other calls must still run
            log.exception("a call from another thread failed")


def _patch_eventlet_websocket(websocket: Any) -> None:
    """Fix two weaknesses of eventlet's WebSockets with large messages.

    Eventlet unmasks incoming data byte by byte in Python: 10 MB would block the server for five
    seconds. And its size limit applies to a frame, not to a message of many frames.
    """

    class Message(websocket.RFC6455WebSocket.Message):  # type: ignore[misc]
        def push(self, data: bytes, final: bool = False) -> None:
            self.length = getattr(self, "length", 0) + len(data)
            if self.length > self.max_frame_length:
                raise websocket.FailedConnectionError(1009, "This message is too long.")
            super().push(data, final)

    if websocket.RFC6455WebSocket.Message.__module__ != __name__:
        websocket.RFC6455WebSocket.Message = Message
        websocket.RFC6455WebSocket._apply_mask = staticmethod(unmasked)  # noqa: SLF001


def unmasked(data: bytes, mask: Sequence[int], length: int | None = None, offset: int = 0) -> bytes:
    """The data without its four-byte mask (RFC 6455, 5.3), starting at an offset into the frame.

    The XOR of two large integers is the fastest way in pure Python.
    """
    length = len(data) if length is None else length
    rotated = bytes(mask[(offset + i) % 4] for i in range(4))
    pattern = (rotated * (length // 4 + 1))[:length]
    number = int.from_bytes(data, "little") ^ int.from_bytes(pattern, "little")
    return number.to_bytes(length, "little")
