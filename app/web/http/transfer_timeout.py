"""Closes connections whose transfer is too slow."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable

from flask import request

from app.web.extension import Extension

MIN_BYTES_PER_SECOND = 50_000
"""Mean rate that a transfer must reach after its initial grace period."""
CHECK_SECONDS = 1.0


class TransferTimeout:
    """Closes the connection of a transfer that takes too long.

    The deadline is a grace period plus the time that the bytes so far take at the minimum rate: a
    large file over a slow line passes, a byte a minute does not.

    Attributes:
        bytes_moved: number of bytes transferred so far.
        displaced: whether it must end, because other visitors wait.
    """

    def __init__(
        self, connection: socket.socket | None, grace: float, sleep: Callable[[float], None]
    ) -> None:
        self.bytes_moved = 0
        self.displaced = False
        self._connection = connection
        self._grace = grace
        self._sleep = sleep
        self._begun = time.monotonic()
        self._ended = False

    def end(self) -> None:
        """Mark the transfer as finished."""
        self._ended = True

    def age(self, now: float) -> float:
        """Seconds since it began, at this monotonic time."""
        return now - self._begun

    def rate(self, now: float) -> float:
        """Mean bytes per second until this monotonic time."""
        return self.bytes_moved / max(self.age(now), CHECK_SECONDS)

    def displace(self) -> None:
        """End the transfer for another visitor's. A request whose body is read can be answered."""
        self.displaced = True
        self._shut_down(socket.SHUT_RD)

    def watch(self) -> None:
        """Watch the transfer until it ends; run this as a background task."""
        while not self._ended:
            left = (
                self._begun
                + self._grace
                + self.bytes_moved / MIN_BYTES_PER_SECOND
                - time.monotonic()
            )
            if left <= 0:
                self._shut_down(socket.SHUT_RDWR)
                return
            self._sleep(min(left, CHECK_SECONDS))

    def _shut_down(self, how: int) -> None:
        """Shut the connection down, so that pending reads, or reads and writes, end."""
        if self._connection is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self._connection.shutdown(how)


def watch_transfer(here: Extension) -> TransferTimeout:
    """A timeout for the transfer of this request, watched until the request ends."""
    connection = here.backend.connection(request.environ)
    transfer = TransferTimeout(connection, here.config.limits.answer_seconds, here.backend.sleep)
    if connection is not None:
        here.backend.after_request(request.environ, transfer.end)
        here.backend.spawn(transfer.watch)
    return transfer
