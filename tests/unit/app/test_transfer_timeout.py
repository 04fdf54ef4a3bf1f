"""Transfers that take their time, and those that take too much of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from app.web.http import transfer_timeout as slow_peers
from app.web.http.transfer_timeout import MIN_BYTES_PER_SECOND, TransferTimeout

PATIENCE = 10.0


class Clock:
    """A clock that moves while somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """The time, as the module asks for it."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(slow_peers, "time", clock)
    return clock


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection's end here, and the one over there."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_transfer_in_which_nothing_moves_is_cut_off_when_patience_ends(
    clock: Clock, ends: tuple[socket.socket, socket.socket]
) -> None:
    TransferTimeout(ends[0], PATIENCE, clock.sleep).watch()
    assert clock.now == pytest.approx(PATIENCE)
    assert ends[1].recv(1) == b""  # it is at its end
    with pytest.raises(BrokenPipeError):
        ends[1].sendall(b"more")


def test_a_transfer_has_more_time_as_more_has_come(clock: Clock) -> None:
    transfer = TransferTimeout(None, PATIENCE, clock.sleep)
    transfer.bytes_moved = 5 * MIN_BYTES_PER_SECOND
    transfer.watch()
    assert clock.now == pytest.approx(PATIENCE + 5)


def test_a_transfer_that_is_through_is_left_alone(
    clock: Clock, ends: tuple[socket.socket, socket.socket]
) -> None:
    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        transfer.end()

    transfer = TransferTimeout(ends[0], PATIENCE, sleep)
    transfer.watch()
    assert clock.now < PATIENCE
    ends[0].sendall(b"x")
    assert ends[1].recv(1) == b"x"


def test_a_connection_that_has_ended_already_is_no_harm(clock: Clock) -> None:
    here, there = socket.socketpair()
    here.close()
    there.close()
    TransferTimeout(here, PATIENCE, clock.sleep).watch()
