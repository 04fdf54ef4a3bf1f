"""Limits concurrent transfers fairly: one visitor cannot take the slots of all others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial

from app.errors import BusyError
from app.runtime.peers import network_of
from app.web.http.transfer_timeout import TransferTimeout

PATIENCE_SECONDS = 10.0
SLOW_BYTES_PER_SECOND = 1_000_000
"""A transfer that is slower, and older than the patience, gives its slot to another visitor."""


@dataclass(frozen=True, eq=False)
class Slot:
    """The slot of a running transfer."""

    transfer: TransferTimeout
    network: str
    session_id: str


class TransferSlots:
    """The slots of one kind of transfer; thread-safe.

    If all are taken, a newcomer displaces a transfer of the address that has the most, or within
    its own address one of the session that has the most, the slowest first.
    """

    def __init__(self, limit: int, full: str, field: str | None = None) -> None:
        """Create the slots; `full` is the code of the error if none is free, at this field."""
        self._limit = limit
        self._full = partial(BusyError, full, field, limit=limit)
        self._lock = threading.Lock()
        self._taken: list[Slot] = []

    def take(self, transfer: TransferTimeout, address: str, session_id: str) -> Slot:
        """Take a slot, which the caller releases.

        Raises:
            BusyError: none is free, and no other transfer must give its own up.
        """
        slot = Slot(transfer, network_of(address), session_id)
        with self._lock:
            if len(self._taken) >= self._limit:
                self._displace(slot)
            self._taken.append(slot)
        return slot

    def release(self, slot: Slot) -> None:
        """Free a slot, unless its transfer was displaced."""
        with self._lock:
            if slot in self._taken:
                self._taken.remove(slot)

    def _displace(self, newcomer: Slot) -> None:
        everyone = [*self._taken, newcomer]
        networks = Counter(slot.network for slot in everyone)
        sessions = Counter(slot.session_id for slot in everyone)
        now = time.monotonic()
        chosen = max(
            self._taken,
            key=lambda slot: (
                networks[slot.network],
                sessions[slot.session_id],
                -slot.transfer.rate(now),
            ),
        )
        if chosen.network == newcomer.network:
            has_more = sessions[chosen.session_id] > sessions[newcomer.session_id]
        else:
            has_more = networks[chosen.network] > networks[newcomer.network]
        is_slow = (
            chosen.transfer.age(now) > PATIENCE_SECONDS
            and chosen.transfer.rate(now) < SLOW_BYTES_PER_SECOND
        )
        if not (has_more or is_slow):
            raise self._full()
        self._taken.remove(chosen)
        chosen.transfer.displace()
