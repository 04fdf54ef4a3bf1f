"""What serves the visitors waits for others without keeping anybody else waiting."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simple_websocket import ConnectionClosed
from wsproto.utilities import LocalProtocolError

from app.hub import Hub, closing_quietly, make_hub, unmasked
from app.settings import AsyncMode
from tests.support.server import ROOT


@pytest.fixture(params=["eventlet", "threading"])
def hub(request: pytest.FixtureRequest) -> Hub:
    mode: AsyncMode = request.param
    return make_hub(mode)


def done_after(seconds: float) -> Future[str]:
    """Something that another thread will have done."""
    future: Future[str] = Future()
    threading.Timer(seconds, lambda: future.set_result("done")).start()
    return future


def test_the_hub_goes_on_while_it_waits_for_another_thread(hub: Hub) -> None:
    ticks: list[float] = []

    def tick() -> None:
        for _ in range(5):
            ticks.append(time.monotonic())
            hub.sleep(0.02)

    hub.spawn(tick)
    assert hub.wait(done_after(0.2), timeout=5) == "done"
    assert len(ticks) == 5


def test_what_is_done_already_needs_no_waiting(hub: Hub) -> None:
    future: Future[int] = Future()
    future.set_result(7)
    assert hub.wait(future, timeout=5) == 7


def test_what_went_wrong_elsewhere_is_raised_here(hub: Hub) -> None:
    future: Future[None] = Future()
    threading.Timer(0.02, lambda: future.set_exception(KeyError("gone"))).start()
    with pytest.raises(KeyError):
        hub.wait(future, timeout=5)


def test_patience_ends(hub: Hub) -> None:
    with pytest.raises(TimeoutError):
        hub.wait(Future(), timeout=0.05)
    assert hub.wait(done_after(0.02), timeout=5) == "done"


def test_threads_are_served_without_eventlet_being_there() -> None:
    code = """
        import sys
        sys.modules["eventlet"] = None
        from app import server
        from app.hub import make_hub
        make_hub("threading")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, check=True, timeout=60)


def test_nothing_is_monkey_patched() -> None:
    code = """
        from app.hub import make_hub
        make_hub("eventlet")
        import eventlet.patcher, socket, threading, time
        assert not any(map(eventlet.patcher.is_monkey_patched, ("socket", "thread", "time", "os")))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, check=True, timeout=60)


@pytest.mark.parametrize(
    "ended", [ConnectionResetError(), ConnectionClosed(1006, ""), LocalProtocolError("closed")]
)
def test_a_socket_that_both_ends_close_at_once_is_closed_without_a_word(ended: Exception) -> None:
    class Socket:
        def close(self) -> None:
            raise ended

    closing_quietly(Socket)().close()


@given(st.binary(max_size=200), st.binary(min_size=4, max_size=4), st.integers(0, 10))
def test_what_was_masked_is_read_as_it_was_meant(data: bytes, mask: bytes, offset: int) -> None:
    plain = bytes(byte ^ mask[(offset + place) % 4] for place, byte in enumerate(data))
    assert unmasked(data, tuple(mask), len(data), offset) == plain
    assert unmasked(plain, tuple(mask), offset=offset) == data
