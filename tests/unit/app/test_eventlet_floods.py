"""A connection that sends without a pause does not stop the others."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import eventlet
import pytest
from flask import Flask, request

from app.runtime.backends import eventlet as backends
from app.runtime.backends.eventlet import EventletBackend, _Socket, _WebSocket

PATIENCE = 60.0
MASK = b"\0\0\0\0"
CONTINUATION, TEXT, PING = 0, 1, 9


def frame(opcode: int, data: bytes = b"", *, final: bool = True) -> bytes:
    """A masked frame."""
    length = len(data)
    if length < 126:
        size = bytes([0x80 | length])
    elif length < 65_536:
        size = struct.pack("!BH", 0x80 | 126, length)
    else:
        size = struct.pack("!BQ", 0x80 | 127, length)
    return bytes([0x80 * final | opcode]) + size + MASK + data


@pytest.fixture
def backend() -> EventletBackend:
    return EventletBackend()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's and the server's end of a connection."""
    client, server = socket.socketpair()
    client.settimeout(PATIENCE)
    with closing(client), closing(server):
        yield client, server


def websocket(end: socket.socket, limit: int = 1000) -> Any:
    """The server's WebSocket on a connection."""
    return _WebSocket(_Socket(end), {}, max_frame_length=limit)


def closed_with(client: socket.socket) -> int:
    """The status of the close frame that the server has sent last."""
    received = b""
    with contextlib.suppress(ConnectionResetError):  # it was closed before it was read to the end
        while data := client.recv(4096):
            received += data
    return int(struct.unpack("!H", received[received.rindex(b"\x88") :][2:4])[0])


def run(backend: EventletBackend, task: Callable[[], Any]) -> Any:
    """The result of a task of the backend."""
    done: Future[Any] = Future()
    backend.spawn(lambda: done.set_result(task()))
    return backend.wait(done, PATIENCE)


@pytest.mark.parametrize("data", [frame(PING, b"x"), frame(CONTINUATION, b"x", final=False)])
def test_other_tasks_run_while_a_peer_sends_frames(
    backend: EventletBackend, ends: tuple[socket.socket, socket.socket], data: bytes
) -> None:
    client, server = ends
    client.sendall(frame(TEXT, final=False) + data * 200 + frame(CONTINUATION, b"end"))
    turns: list[int] = []

    def count() -> None:
        while True:
            turns.append(1)
            backend.sleep(0)

    backend.spawn(count)
    message = run(backend, websocket(server).wait)
    assert message.endswith("end")
    assert len(turns) > 20


def test_a_peer_that_sends_too_many_frames_is_closed_with_a_reason(
    backend: EventletBackend,
    ends: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backends, "FRAMES_PER_SECOND", 5)
    client, server = ends
    codes: list[str] = []
    monkeypatch.setattr(_WebSocket, "refused", codes.append)
    client.sendall(frame(PING) * 200)
    assert run(backend, websocket(server).wait) is None
    assert closed_with(client) == 1008
    assert codes == ["websocket_closed"]


def test_closing_a_closed_connection_writes_nothing(
    ends: tuple[socket.socket, socket.socket], capsys: pytest.CaptureFixture[str]
) -> None:
    client, server = ends
    client.close()
    closing_twice = websocket(server)
    closing_twice.close()
    closing_twice.close()
    assert capsys.readouterr().err == ""


def test_large_unfinished_messages_share_a_budget_and_small_ones_are_accepted(
    backend: EventletBackend,
    ends: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_WebSocket, "max_buffered", 50_000)
    monkeypatch.setattr(_WebSocket, "buffered", 40_000)
    client, server = ends
    receiving = websocket(server, limit=100_000)
    client.sendall(frame(TEXT, b"x" * 15_000))
    assert len(run(backend, receiving.wait)) == 15_000
    client.sendall(frame(TEXT, b"x" * 20_000))
    assert run(backend, receiving.wait) is None
    assert closed_with(client) == 1013
    assert _WebSocket.buffered == 40_000


def test_a_large_message_delays_the_next_one_of_its_socket(
    backend: EventletBackend,
    ends: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    sleep = eventlet.sleep

    def note(seconds: float = 0) -> None:
        waited.append(seconds)
        sleep(0)

    monkeypatch.setattr(eventlet, "sleep", note)
    client, server = ends
    receiving = websocket(server, limit=100_000)
    client.sendall(frame(TEXT, b"x" * 40_000) + frame(TEXT, b"y"))
    assert [len(run(backend, receiving.wait)) for _ in range(2)] == [40_000, 1]
    assert 0 < max(waited) <= 40_000 / backends.BYTES_PER_SECOND


def test_an_unfinished_message_has_a_time_limit(
    backend: EventletBackend,
    ends: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backends, "MESSAGE_SECONDS", 0.0)
    client, server = ends
    client.sendall(frame(TEXT, b"x", final=False) + frame(CONTINUATION, final=False))
    assert run(backend, websocket(server).wait) is None
    assert closed_with(client) == 1008


@pytest.fixture
def address(backend: EventletBackend) -> Iterator[Callable[[Flask], tuple[str, int]]]:
    """Starts serving an application; returns the address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(app: Flask) -> tuple[str, int]:
        backend.spawn(lambda: backend.serve(app, listener, lambda: None))
        host, port = listener.getsockname()
        return host, port

    with closing(listener):
        yield serve
        backend.stop()
        backend.sleep(0.01)


PIPELINED = b"GET /?n=%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_another_connection_is_answered_before_a_pipeline_has_ended(
    backend: EventletBackend, address: Callable[[Flask], tuple[str, int]]
) -> None:
    app = Flask(__name__)
    order: list[str] = []

    @app.route("/", methods=["GET", "POST"])
    def answer() -> str:
        order.append(request.args.get("n", "other"))
        return "x"

    where = address(app)
    backend.sleep(0.01)
    with socket.create_connection(where) as flood, socket.create_connection(where) as other:
        flood.sendall(b"".join(PIPELINED % number for number in range(150)))
        other.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while len(order) < 151:
            backend.sleep(0.001)
    assert order.index("other") < 100


def test_other_tasks_run_between_the_requests_of_many_connections(
    backend: EventletBackend, address: Callable[[Flask], tuple[str, int]]
) -> None:
    """Hundreds of requests at once must not delay the frames of a page until all are answered."""
    app, connections = Flask(__name__), 30
    turns: list[int] = []
    asked_at: list[int] = []

    @app.get("/")
    def answer() -> str:
        asked_at.append(len(turns))
        return "x"

    where = address(app)
    backend.sleep(0.01)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(where)) for _ in range(connections)]
        for _ in range(2):  # at the second request, all connections have been accepted
            asked_at.clear()
            for connection in opened:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while len(asked_at) < connections:
                backend.sleep(0)
                turns.append(1)
    assert len(set(asked_at)) == connections


def test_other_tasks_run_while_a_body_in_tiny_chunks_is_read(
    backend: EventletBackend, address: Callable[[Flask], tuple[str, int]]
) -> None:
    app = Flask(__name__)
    turns: list[int] = []
    read: list[tuple[int, int]] = []

    @app.post("/")
    def answer() -> str:
        before = len(turns)
        length = len(request.environ["eventlet.input"].read())
        read.append((length, len(turns) - before))
        return "x"

    with socket.socket() as flood:
        flood.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        where = address(app)
        flood.connect(where)
        flood.sendall(CHUNKED + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
        while not read:
            backend.sleep(0)
            turns.append(1)
    ((length, during),) = read
    assert length == 50_000
    assert during > 5


# ------------------------------------------------------------------ connections

TWO_LENGTHS = b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def place(
    backend: EventletBackend,
    address: Callable[[Flask], tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, int]:
    """The address of a server that has room for two connections of an address."""
    monkeypatch.setattr(backends, "MAX_CONNECTIONS", 4)
    monkeypatch.setattr(backends, "RESERVED_FILES", 4)
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "x")

    @app.get("/wait")
    def wait() -> str:
        backend.sleep(PATIENCE)
        return "x"

    return address(app)


def received(backend: EventletBackend, connection: socket.socket) -> bytes:
    """What is received on a connection; empty if it was closed."""
    connection.setblocking(False)
    for _ in range(5000):
        with contextlib.suppress(BlockingIOError):
            return connection.recv(4096)
        backend.sleep(0.001)
    raise TimeoutError


def test_an_idle_connection_is_ended_for_a_new_one(
    backend: EventletBackend, place: tuple[str, int]
) -> None:
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(3):
            opened.append(stack.enter_context(socket.create_connection(place)))
            opened[-1].sendall(REQUEST)
            assert received(backend, opened[-1]).startswith(b"HTTP/1.1 200")
        assert received(backend, opened[0]) == b""
        opened[1].sendall(REQUEST)
        assert received(backend, opened[1]).startswith(b"HTTP/1.1 200")


def test_a_connection_is_refused_while_all_others_of_its_address_are_busy(
    backend: EventletBackend, place: tuple[str, int]
) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            busy = stack.enter_context(socket.create_connection(place))
            busy.sendall(REQUEST.replace(b"/ ", b"/wait "))
        backend.sleep(0.01)
        late = stack.enter_context(socket.create_connection(place))
        assert received(backend, late) == b""


@pytest.mark.parametrize(
    "request_text", [b"GARBAGE\r\n\r\n", REQUEST.replace(b"GET", TWO_LENGTHS + b"GET")]
)
def test_a_malformed_request_is_refused_without_a_line_in_the_log(
    backend: EventletBackend,
    place: tuple[str, int],
    request_text: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_connection(place) as connection:
        connection.sendall(request_text)
        answer = received(backend, connection)
    assert b" 400 " in answer or b"Error code: 400" in answer
    assert capsys.readouterr().err == ""


def test_a_header_that_does_not_arrive_ends_its_connection(
    backend: EventletBackend, place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "HEADER_SECONDS", 0.01)
    with socket.create_connection(place) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert received(backend, slow) == b""


def test_a_server_without_file_descriptors_accepts_again_later(
    backend: EventletBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "ACCEPT_PAUSE", 0.0)
    failures = [OSError(errno.EMFILE, "full"), OSError(errno.ECONNABORTED, "gone")]

    class Listener(socket.socket):
        def accept(self) -> Any:
            if failures:
                raise failures.pop()
            return super().accept()

    with Listener() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        accepting = _Socket(listener)
        with socket.create_connection(listener.getsockname()) as client:
            connection, peer = run(backend, accepting.accept)
            assert peer == client.getsockname()
            connection.close()


def test_a_listener_that_fails_ends_serving(
    backend: EventletBackend, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_self: object) -> None:
        raise OSError(errno.EBADF, "closed")

    monkeypatch.setattr(_Socket, "accept", fail)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        backend.serve(Flask(__name__), listener, lambda: None)
    assert [record.message for record in caplog.records] == ["the HTTP server failed"]
