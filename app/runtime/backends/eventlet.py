"""The eventlet backend: all connections on one thread.

This is the only module that imports eventlet. Nothing is monkey-patched: training threads stay
native threads, and wake the eventlet thread through a socket pair.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import sys
import time
import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from flask import Flask
from flask_socketio import SocketIO

from app.runtime.backends.base import (
    FRAMES_PER_SECOND,
    LARGE_MESSAGES,
    CountRefusal,
    CountsRefusals,
    ServerBackend,
    StrictRequests,
    ignore,
    raise_file_limit,
)
from app.runtime.config import AsyncMode
from app.runtime.peers import TokenBucket, network_of

with warnings.catch_warnings():  # eventlet warns that it is deprecated
    warnings.simplefilter("ignore")
    import eventlet
    import eventlet.websocket
    import eventlet.wsgi
    from eventlet.websocket import ConnectionClosedError, FailedConnectionError

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_CONNECTIONS = 10_000
"""Open at once; each costs eventlet a few kilobytes."""
RESERVED_FILES = 256
"""File descriptors that are left for the store, model files and training."""
ACCEPT_PAUSE = 0.5
"""Seconds to wait before accepting again when there is no descriptor or memory."""
ACCEPT_ERRORS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.ECONNRESET}
)
"""Errors of accepting one connection, after which the next can be accepted."""
KEEPALIVE_SECONDS = 75.0
"""How long a connection may be idle between two requests."""
HEADER_SECONDS = 20.0
"""Time for the header of a request to arrive."""
SOCKET_SECONDS = 90.0
"""Timeout of one read or write of a request; Engine.IO sets its own for WebSockets."""
READS_IN_A_ROW = 4
"""Reads from a connection after which the others run, even if more data is waiting."""
SMALL_MESSAGE = 16_384
"""Bytes of a message that is accepted whatever memory the unfinished ones take."""
BYTES_PER_SECOND = 4_000_000
"""Of messages larger than that: decoding a megabyte takes some ten milliseconds."""
MESSAGE_SECONDS = 240.0
"""Time for a message to arrive: 10 MB at 50 kB per second, and some more."""


class EventletBackend(ServerBackend):
    """Serves everything on one thread, which must not block."""

    async_mode: AsyncMode = "eventlet"

    def __init__(self, *, behind_proxy: bool = False, refused: CountRefusal = ignore) -> None:
        self._behind_proxy = behind_proxy
        self._refused = refused
        _WebSocket.refused = _HttpProtocol.refused = staticmethod(refused)
        eventlet.websocket.RFC6455WebSocket = _WebSocket
        self._stopped = eventlet.event.Event()
        self._calls: deque[Callable[[], Any]] = deque()
        self._wake_up, self._sleeper = socket.socketpair()
        self._wake_up.setblocking(False)
        self._sleeper.setblocking(False)
        self.spawn(self._run_calls)

    def serve(self, app: Flask, listener: socket.socket, on_started: Callable[[], None]) -> None:
        """Serve until `stop` is called."""
        files = raise_file_limit()
        most = min(MAX_CONNECTIONS, max(files - RESERVED_FILES, files // 2))
        server = eventlet.spawn(
            eventlet.wsgi.server,
            _Socket(listener),
            app,
            protocol=_HttpProtocol,
            log=logging.getLogger("app.http"),
            log_output=False,
            debug=False,
            custom_pool=_Connections(
                most, most if self._behind_proxy else most // 2, self._refused
            ),
            keepalive=KEEPALIVE_SECONDS,
            socket_timeout=SOCKET_SECONDS,
        )
        server.link(self._on_end)
        on_started()
        self._stopped.wait()

    def stop(self) -> None:
        """Make `serve` return."""
        self._call_soon(self._set_stopped)

    def spawn(self, task: Callable[[], None]) -> None:
        """Run a task concurrently."""
        eventlet.spawn(task)

    def spawn_from_signal(self, task: Callable[[], None]) -> None:
        """Run a task concurrently. Callable from any thread and from signal handlers."""
        self._call_soon(lambda: self.spawn(task))

    def sleep(self, seconds: float) -> None:
        """Suspend the caller; other tasks keep running."""
        eventlet.sleep(seconds)

    def connection(self, environ: Mapping[str, Any]) -> socket.socket | None:
        """The socket of a request."""
        connection: socket.socket = environ["eventlet.input"].get_socket()
        return connection

    def after_request(self, environ: Mapping[str, Any], call: Callable[[], None]) -> None:
        """Call a function when the request is finished."""
        environ["eventlet.posthooks"].append((lambda _environ: call(), (), {}))

    def limit_messages(self, socketio: SocketIO, max_size: int) -> None:  # noqa: ARG002
        """Limit the memory of unfinished messages; Engine.IO passes `max_size` to each socket."""
        _WebSocket.max_buffered = LARGE_MESSAGES * max_size

    def wait(self, future: Future[T], timeout: float) -> T:
        """The result of a future that another thread completes."""
        done = eventlet.event.Event()
        future.add_done_callback(lambda _: self._call_soon(done.send))
        with eventlet.Timeout(timeout, exception=False):
            done.wait()
        return future.result(timeout=0)

    def _on_end(self, server: Any) -> None:
        try:
            server.wait()
        except Exception:
            log.exception("the HTTP server failed")
        self.stop()

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
            eventlet.hubs.trampoline(self._sleeper.fileno(), read=True)
            self._sleeper.recv(4096)
            while self._calls:
                self._run_call(self._calls.popleft())

    def _run_call(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except Exception:  # the other calls must still run
            log.exception("a call from another thread failed")


class _Connections(eventlet.GreenPool):  # type: ignore[misc]  # the library has no types
    """The open connections. Ends the longest idle one for a new one if there are too many.

    Those of one address may not take the place of all others.
    """

    def __init__(self, limit: int, per_address: int, refused: CountRefusal) -> None:
        super().__init__(2 * limit)  # more: those that are being closed
        self._limit = limit
        self._per_address = per_address
        self._refused = refused
        self._open: defaultdict[str, dict[int, list[Any]]] = defaultdict(dict)  # by network
        self._count = 0

    def spawn(self, serve: Callable[..., None], connection: list[Any]) -> Any:
        """Serve a connection, given as eventlet's list of its address, socket and state."""
        network = network_of(connection[0][0])
        full = []
        if len(self._open.get(network, ())) >= self._per_address:
            full = [network]
        elif self._count >= self._limit:
            full = sorted(self._open, key=lambda each: -len(self._open[each]))
        if full and not any(map(self._end_idle, full)):
            log.debug("a connection was refused: too many are open")
            self._refused("connections_full")
            return super().spawn(lambda: None)  # after which eventlet closes it
        self._open[network][id(connection)] = connection
        self._count += 1
        thread = super().spawn(serve, connection)
        thread.link(lambda _: self._forget(network, connection))
        return thread

    def _end_idle(self, network: str) -> bool:
        for connection in self._open[network].values():
            if connection[2] is eventlet.wsgi.STATE_IDLE:
                eventlet.greenio.shutdown_safe(connection[1])
                self._forget(network, connection)
                return True
        return False

    def _forget(self, network: str, connection: list[Any]) -> None:
        if self._open[network].pop(id(connection), None) is not None:
            self._count -= 1
        if not self._open[network]:
            del self._open[network]


class _Socket(eventlet.greenio.GreenSocket):  # type: ignore[misc]
    """A listener, and its connections, which let the others run after some reads."""

    _reads = 0

    def accept(self) -> Any:
        """The next connection, and its address."""
        while True:
            eventlet.sleep(0)
            try:
                return super().accept()
            except OSError as error:
                if error.errno not in ACCEPT_ERRORS:
                    raise
                log.warning("a connection cannot be accepted: %s", error.strerror)
                eventlet.sleep(ACCEPT_PAUSE)

    def _recv_loop(self, *arguments: Any) -> Any:
        self._reads += 1
        if self._reads % READS_IN_A_ROW == 0:
            eventlet.sleep(0)
        return super()._recv_loop(*arguments)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """Send all data, without copying what remains after each send."""
        super().sendall(memoryview(data), flags)


_one_a_turn = eventlet.semaphore.Semaphore()


class _HttpProtocol(StrictRequests, eventlet.wsgi.HttpProtocol):  # type: ignore[misc]
    """Handles the requests of a connection; lets the others run before each."""

    def handle_one_request(self) -> None:
        """Handle one request."""
        eventlet.sleep(0)
        super().handle_one_request()

    def handle_one_response(self) -> None:
        """Answer a request. One begins in each turn of the event loop, so that all else runs."""
        with _one_a_turn:
            eventlet.sleep(0)
        super().handle_one_response()

    def parse_request(self) -> bool:
        """Read the header; returns whether it is valid."""
        with eventlet.Timeout(HEADER_SECONDS, exception=False):
            return super().parse_request()
        self.close_connection = True
        return False

    def get_environ(self) -> dict[str, Any]:
        """The WSGI environ, without the function by which WebSockets count as idle."""
        environ: dict[str, Any] = super().get_environ()
        del environ["eventlet.set_idle"]
        return environ


class _WebSocket(CountsRefusals, eventlet.websocket.RFC6455WebSocket):  # type: ignore[misc]
    """A WebSocket that limits the frames, and the size, rate, time and memory of messages.

    Eventlet limits the size of a frame only, and would unmask it byte by byte: 10 MB would block
    the server for five seconds.
    """

    buffered = 0  # bytes of the unfinished messages of all sockets
    max_buffered = sys.maxsize

    class Message(eventlet.websocket.RFC6455WebSocket.Message):  # type: ignore[misc]
        """A message in one buffer, however small the pieces are in which it arrives."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.data = [bytearray()]

        def push(self, data: bytes, final: bool = False) -> None:
            """Add a piece of a frame."""
            self.finished = final
            self.data[0] += data

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.log = eventlet.wsgi.LoggerNull()  # for errors on closing a closed connection
        self._frames = TokenBucket(FRAMES_PER_SECOND, time.monotonic())
        self._size = 0  # bytes of the unfinished message
        self._deadline = 0.0
        self._read_at = 0.0  # when the next message may be read

    def wait(self) -> Any:
        """The next message, text or bytes; None at the end of the connection."""
        try:
            return self._receive()
        except FailedConnectionError as error:
            log.info("a WebSocket was closed: %s", error.message)
            self.refused("websocket_closed")
            self.close((error.status, error.message))
        except ConnectionClosedError:
            pass
        except Exception:
            self.close((1011, "Internal server error"))
            raise
        finally:
            self._count(-self._size)
        return None

    def _receive(self) -> Any:
        eventlet.sleep(max(0.0, self._read_at - time.monotonic()))
        message = None
        while message is None or not message.finished:
            frame = self._recv_frame(message)
            if frame.opcode & 8:
                self._handle_control_frame(frame.opcode, frame.getvalue())
            else:
                message = frame
        if self._size > SMALL_MESSAGE:
            self._read_at = time.monotonic() + self._size / BYTES_PER_SECOND
        return message.getvalue()

    def _recv_frame(self, message: Any = None) -> Any:
        if not self._frames.take(time.monotonic()):
            raise FailedConnectionError(1008, "Too many frames per second")
        if message is None:
            self._count(-self._size)
        elif self._size and time.monotonic() > self._deadline:
            raise FailedConnectionError(1008, "The message took too long")
        return super()._recv_frame(message)

    def _apply_mask(
        self, data: bytes, mask: Sequence[int], length: int | None = None, offset: int = 0
    ) -> bytes:
        """Count and unmask a piece of a frame; every piece passes here."""
        if not self._size:
            self._deadline = time.monotonic() + MESSAGE_SECONDS
        self._count(len(data))
        if self._size > self.max_frame_length:
            raise FailedConnectionError(1009, "The message is too long")
        if self._size > SMALL_MESSAGE and self.buffered > self.max_buffered:
            raise FailedConnectionError(1013, "Too many large messages at once")
        if time.monotonic() > self._deadline:
            raise FailedConnectionError(1008, "The message took too long")
        return unmasked(data, mask, length, offset)

    def _count(self, size: int) -> None:
        self._size += size
        _WebSocket.buffered += size


def unmasked(data: bytes, mask: Sequence[int], length: int | None = None, offset: int = 0) -> bytes:
    """The data without its four-byte mask (RFC 6455, 5.3), starting at an offset into the frame.

    The XOR of two large integers is the fastest way in pure Python.
    """
    length = len(data) if length is None else length
    rotated = bytes(mask[(offset + i) % 4] for i in range(4))
    pattern = (rotated * (length // 4 + 1))[:length]
    number = int.from_bytes(data, "little") ^ int.from_bytes(pattern, "little")
    return number.to_bytes(length, "little")
