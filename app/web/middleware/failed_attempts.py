"""Delays guesses: an address that failed to give the right token waits before it may try again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from app.runtime.peers import network_of

FREE_ATTEMPTS = 5
"""Failed attempts before an address must wait."""
FIRST_WAIT, MAX_WAIT = 1.0, 60.0
"""Seconds; each further failure doubles the wait. The maximum leaves 1,440 guesses a day."""
FORGET_SECONDS = 3600.0
"""Time without a failure after which the failures of an address are forgotten."""
MAX_ADDRESSES = 10_000
"""Addresses whose failures are remembered; those that failed least recently are dropped."""


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0

    @property
    def until(self) -> float:
        """When the next attempt is allowed."""
        excess = self.count - FREE_ATTEMPTS
        return self.last + min(FIRST_WAIT * 2.0 ** min(excess, 10), MAX_WAIT) if excess >= 0 else 0


class FailedAttempts:
    """The failed attempts of each address; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()  # by network, oldest first

    def attempt(self, address: str, now: float, *, succeeds: bool) -> float:
        """Count an attempt, unless the address must wait.

        Returns:
            The seconds that the address must still wait; 0 if the attempt was counted.
        """
        network = network_of(address)
        with self._lock:
            failures = self._failures.get(network) or _Failures()
            if now < failures.until:
                return failures.until - now
            if succeeds:
                self._failures.pop(network, None)
                return 0.0
            if now - failures.last > FORGET_SECONDS:
                failures = _Failures()
            failures.count, failures.last = failures.count + 1, now
            self._failures[network] = failures
            self._failures.move_to_end(network)
            if len(self._failures) > MAX_ADDRESSES:
                self._failures.popitem(last=False)
            return 0.0
