"""What serves the visitors: one thread with eventlet, or many threads without it.

This is the only module that names eventlet. Nothing is monkey-patched: the threads that train stay
real ones, and what they have to tell comes to eventlet's thread through a pair of sockets.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from flask import Flask
from flask_socketio import SocketIO
from simple_websocket import ConnectionClosed
from werkzeug.serving import WSGIRequestHandler, make_server
from wsproto.utilities import LocalProtocolError

from app.runtime.config import AsyncMode

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_CONNECTIONS = 10_000
"""Open at once; each costs eventlet a few kilobytes."""


POLL_SECONDS = 0.5
"""Between two looks of a thread at the socket that it serves."""

AFTER_REQUEST = "charnn.after_request"
"""Where a request in the threading mode has what is to be called after it."""


class ServerBackend(ABC):
    """Runs the server and its own tasks."""

    async_mode: AsyncMode

    @abstractmethod
    def serve(self, app: Flask, listener: socket.socket, begun: Callable[[], None]) -> None:
        """Serve until `stop` is called. `begun` is called once, when connections are accepted."""

    @abstractmethod
    def stop(self) -> None:
        """Make `serve` return. May be called by a signal handler."""

    @abstractmethod
    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task beside everything else."""

    @abstractmethod
    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task beside everything else; for any thread, and for signal handlers."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let everything else run for a while."""

    @abstractmethod
    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The connection that a request came by; None where it came by none."""

    @abstractmethod
    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Have something called when the request is over, with what was left of its body."""

    @abstractmethod
    def limit_messages(self, socketio: SocketIO, most: int) -> None:
        """Have no WebSocket take in a message of more bytes."""

    @abstractmethod
    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of what another thread does, while everything else runs.

        Raises:
            TimeoutError: it took longer.
        """


class EventletBackend(ServerBackend):
    """Everything on one thread, which never computes and never waits."""

    async_mode: AsyncMode = "eventlet"

    def __init__(self) -> None:
        # Not at the top: a server that runs with threads does not need eventlet to be installed.
        with warnings.catch_warnings():  # of its age, which is why no other module knows it
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

    def serve(self, app: Flask, listener: socket.socket, begun: Callable[[], None]) -> None:
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
        begun()
        self._stopped.wait()

    def stop(self) -> None:
        """Make `serve` return."""
        self._call_soon(self._set_stopped)

    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task beside everything else."""
        self._eventlet.spawn(task)

    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task beside everything else; for any thread, and for signal handlers."""
        self._call_soon(lambda: self.spawn(task))

    def sleep(self, seconds: float) -> None:
        """Let everything else run for a while."""
        self._eventlet.sleep(seconds)

    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The connection that a request came by."""
        connection: socket.socket = environ["eventlet.input"].get_socket()
        return connection

    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Have something called when the request is over, with what was left of its body."""
        environ["eventlet.posthooks"].append((lambda _environ: call(), (), {}))

    def limit_messages(self, socketio: SocketIO, most: int) -> None:
        """Do nothing: `_patch_eventlet_websocket` applies the frame limit to whole messages."""

    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of what another thread does, while everything else runs."""
        done = self._eventlet.event.Event()
        future.add_done_callback(lambda _: self._call_soon(done.send))
        with self._eventlet.Timeout(timeout, exception=False):
            done.wait()
        return future.result(timeout=0)

    def _set_stopped(self) -> None:
        if not self._stopped.ready():
            self._stopped.send()

    def _call_soon(self, call: Callable[[], Any]) -> None:
        """Have something called on eventlet's thread; from any thread or signal handler."""
        self._calls.append(call)
        with contextlib.suppress(BlockingIOError):  # then enough wake-ups are under way already
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
        except Exception:  # the next call is another's, and must not be lost with this one
            log.exception("a call from another thread failed")


def _patch_eventlet_websocket(websocket: Any) -> None:
    """Two things that eventlet's sockets do badly when somebody sends a great deal.

    They undo the mask of what comes in byte by byte in Python: 10 MB would hold up everybody for
    five seconds. And their limit is that of a frame: a message of many frames has none.
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
    """What a client has masked with four bytes (RFC 6455, 5.3), from so many bytes into its frame.

    As two numbers: the interpreter's own loops over their digits are the fastest there are here.
    """
    length = len(data) if length is None else length
    turned = bytes(mask[(offset + place) % 4] for place in range(4))
    pattern = (turned * (length // 4 + 1))[:length]
    number = int.from_bytes(data, "little") ^ int.from_bytes(pattern, "little")
    return number.to_bytes(length, "little")


class ThreadingBackend(ServerBackend):
    """A thread for each connection, without eventlet."""

    async_mode: AsyncMode = "threading"

    def __init__(self) -> None:
        self._stop = threading.Event()

    def serve(self, app: Flask, listener: socket.socket, begun: Callable[[], None]) -> None:
        """Serve until `stop` is called."""
        host, port = listener.getsockname()[:2]
        server = make_server(
            host,
            port,
            app,
            threaded=True,
            request_handler=_RequestHandler,
            fd=listener.fileno(),
        )
        self.spawn(lambda: server.serve_forever(poll_interval=0.1))
        begun()
        # Signal handlers run on this thread. A signal that arrives at another does not wake it.
        while not self._stop.wait(POLL_SECONDS):
            pass
        server.shutdown()

    def stop(self) -> None:
        """Make `serve` return."""
        self._stop.set()

    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task beside everything else."""
        threading.Thread(target=task, daemon=True).start()

    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task beside everything else; for any thread, and for signal handlers."""
        self.spawn(task)

    def sleep(self, seconds: float) -> None:
        """Let everything else run for a while."""
        time.sleep(seconds)

    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The connection that a request came by."""
        connection: socket.socket | None = environ.get("werkzeug.socket")
        return connection

    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Have something called when the request is over, with what was left of its body."""
        environ[AFTER_REQUEST].append(call)

    def limit_messages(self, socketio: SocketIO, most: int) -> None:
        """Have no WebSocket take in a message of more bytes; of itself it would take any."""
        engine = socketio.server.eio
        socket_of = functools.partial(
            ignore_close_errors(engine._async["websocket"]),  # noqa: SLF001
            max_message_size=most,
            event_class=_PollingEvent,
        )
        engine._async = {**engine._async, "websocket": socket_of}  # noqa: SLF001

    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of what another thread does, while everything else runs."""
        return future.result(timeout)


def ignore_close_errors(websocket: Any) -> Any:
    """The same kind of socket; one that the other end closes at the same moment is closed as well.

    Engine.IO looks whether it is open still, and then closes it: what happens in between would end
    its thread with a traceback.
    """

    class Tolerant(websocket):  # type: ignore[misc]
        def close(self) -> None:
            with contextlib.suppress(OSError, ConnectionClosed, LocalProtocolError):
                super().close()

    return Tolerant


class _PollingEvent(threading.Event):
    """Wakes whoever waits for a WebSocket from time to time, to see whether it is at its end.

    simple-websocket tells of a message that is too long before it says that the socket has ended.
    Who wakes in between would wait on for ever, with a thread and a connection that nobody reads.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until something is new, or might be."""
        if timeout is not None:
            return super().wait(timeout)
        super().wait(POLL_SECONDS)
        return True


class _RequestHandler(WSGIRequestHandler):
    """Does not log every request, and knows that nothing comes after a WebSocket."""

    def run_wsgi(self) -> None:
        """Answer one request."""
        try:
            super().run_wsgi()
        finally:
            for call in self.environ[AFTER_REQUEST]:
                call()
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.close_connection = True

    def make_environ(self) -> dict[str, Any]:
        """What is known of a request."""
        environ: dict[str, Any] = super().make_environ()
        environ[AFTER_REQUEST] = []
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def make_backend(async_mode: AsyncMode) -> ServerBackend:
    """The hub of a mode."""
    return EventletBackend() if async_mode == "eventlet" else ThreadingBackend()
