"""Cuts off whoever takes a place and does not use it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable

LEAST_RATE = 50_000
"""Bytes a second that a transfer makes on the average once its first patience is over."""
LOOK_SECONDS = 1.0


class Transfer:
    """Looks after a transfer and shuts its connection when it takes too long.

    It may take so many seconds, and more as more has come: large files over slow lines pass, a
    byte a minute does not.

    Attributes:
        moved: bytes so far.
    """

    def __init__(
        self, connection: socket.socket | None, patience: float, sleep: Callable[[float], None]
    ) -> None:
        self.moved = 0
        self._connection = connection
        self._patience = patience
        self._sleep = sleep
        self._begun = time.monotonic()
        self._ended = False

    def end(self) -> None:
        """It is through."""
        self._ended = True

    def watch(self) -> None:
        """Look after it until it is through; to be run beside everything else."""
        while not self._ended:
            left = self._begun + self._patience + self.moved / LEAST_RATE - time.monotonic()
            if left <= 0:
                self._cut_off()
                return
            self._sleep(min(left, LOOK_SECONDS))

    def _cut_off(self) -> None:
        """Nothing more comes in, and what waits to go out fails."""
        if self._connection is not None:
            with contextlib.suppress(OSError):  # it has ended already
                self._connection.shutdown(socket.SHUT_RDWR)
