"""Server backends wait for other threads while their tasks keep running."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from simple_websocket import ConnectionClosed
from wsproto.utilities import LocalProtocolError

from app.runtime.backends import ServerBackend, make_backend
from app.runtime.backends import threading as threading_backend
from app.runtime.backends.eventlet import unmasked
from app.runtime.backends.threading import LimitedServer, ThreadingBackend, ignore_close_errors
from app.runtime.config import AsyncMode

PATIENCE = 60.0


@pytest.fixture(params=["eventlet", "threading"])
def backend(request: pytest.FixtureRequest) -> ServerBackend:
    mode: AsyncMode = request.param
    return make_backend(mode)


def test_the_hub_goes_on_while_it_waits_for_another_thread(backend: ServerBackend) -> None:
    done: Future[str] = Future()

    def tick() -> None:
        for _ in range(5):
            backend.sleep(0.001)
        threading.Thread(target=lambda: done.set_result("done")).start()

    backend.spawn(tick)
    assert backend.wait(done, PATIENCE) == "done"


def test_a_task_that_a_signal_handler_spawns_is_run(backend: ServerBackend) -> None:
    done: Future[str] = Future()
    backend.spawn_from_signal(lambda: done.set_result("done"))
    assert backend.wait(done, PATIENCE) == "done"


def test_what_is_done_already_needs_no_waiting(backend: ServerBackend) -> None:
    future: Future[int] = Future()
    future.set_result(7)
    assert backend.wait(future, PATIENCE) == 7


def test_an_exception_of_another_thread_is_raised_here(backend: ServerBackend) -> None:
    future: Future[None] = Future()
    threading.Timer(0.01, lambda: future.set_exception(KeyError("gone"))).start()
    with pytest.raises(KeyError):
        backend.wait(future, PATIENCE)


def test_waiting_ends_with_its_timeout_and_the_hub_goes_on(backend: ServerBackend) -> None:
    never, done = Future[str](), Future[str]()
    with pytest.raises(TimeoutError):
        backend.wait(never, timeout=0.02)
    threading.Timer(0.01, lambda: done.set_result("done")).start()
    assert backend.wait(done, PATIENCE) == "done"


def test_nothing_is_monkey_patched() -> None:
    make_backend("eventlet")
    from eventlet import patcher  # which warns where it is imported first

    assert not any(map(patcher.is_monkey_patched, ("socket", "thread", "time", "os")))


@pytest.mark.parametrize(
    "ended", [ConnectionResetError(), ConnectionClosed(1006, ""), LocalProtocolError("closed")]
)
def test_a_socket_that_both_ends_close_at_once_is_closed_without_an_error(ended: Exception) -> None:
    class Socket:
        closed = False

        def close(self) -> None:
            self.closed = True
            raise ended

    socket = ignore_close_errors(Socket)()
    socket.close()
    assert socket.closed


@pytest.mark.parametrize(
    "header", [b"\x89\x80", b"\x01\x80", b"\x81\x80"], ids=["ping", "fragment", "message"]
)
def test_a_peer_with_too_many_frames_is_closed_by_a_thread_too(
    header: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty pings, fragments and messages cost a peer nothing."""
    monkeypatch.setattr(threading_backend, "FRAMES_PER_SECOND", 5)
    here, there = socket.socketpair()
    with there:
        environ = {
            "werkzeug.socket": here,
            "HTTP_HOST": "here",
            "HTTP_CONNECTION": "Upgrade",
            "HTTP_UPGRADE": "websocket",
            "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
        }
        codes: list[str] = []
        ThreadingBackend(refused=codes.append)
        server = LimitedServer(environ)
        first, further = header, header
        if header[0] == 0x01:
            further = b"\x00" + header[1:]  # continues the fragment
        there.sendall(b"".join(each + bytes(4) for each in [first, *[further] * 99]))
        there.settimeout(PATIENCE)
        received = b""
        while piece := there.recv(4096):
            received += piece
        assert (1008).to_bytes(2) in received
        server.thread.join(PATIENCE)
        assert not server.connected
        assert codes == ["websocket_closed"]


@given(st.binary(max_size=200), st.binary(min_size=4, max_size=4), st.integers(0, 10))
def test_masked_bytes_are_unmasked(data: bytes, mask: bytes, offset: int) -> None:
    plain = bytes(byte ^ mask[(offset + place) % 4] for place, byte in enumerate(data))
    assert unmasked(data, tuple(mask), len(data), offset) == plain
    assert unmasked(plain, tuple(mask), offset=offset) == data


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1\r\n\r\n",
        b"GET / and more HTTP/1.1\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused_by_a_thread_without_a_line_in_the_log(
    sent: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a peer sends must not stand in a log of JSON lines as it is."""
    backend = ThreadingBackend()
    with caplog.at_level("INFO"), socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(
            target=backend.serve, args=(Flask(__name__), listener, lambda: None)
        )
        serving.start()
        with socket.create_connection(listener.getsockname(), PATIENCE) as connection:
            connection.sendall(sent)
            answer = connection.recv(4096)
        backend.stop()
        serving.join()
    assert b"400" in answer
    assert not caplog.records
    assert not capfd.readouterr().err
