"""How much of the server's memory networks may take, each and all together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from app.errors import UserError

PRESSURE = 0.75
"""Share of the room from which on a few more networks might find none."""


class Evictable(Protocol):
    """A network that is kept only while nobody else needs its room."""

    weights: int
    until: float

    def release(self) -> None:
        """Keep it no longer; called on any thread."""


def _ignore(_holder: object) -> None:
    """Nobody wants to know that a spare network has been let go."""


class MemoryBudget:
    """The weights of every network in memory; safe to use from any thread.

    A weight costs some 20 bytes while it learns: itself, its gradient, its solver's memory, and the
    last good state of both. Spare networks, one a holder, take what room is left: the oldest make
    way, and `on_evict` is called with their holders.
    """

    def __init__(
        self, per_network: int, total: int, on_evict: Callable[[object], None] = _ignore
    ) -> None:
        self._per_network = per_network
        self._total = total
        self._on_evict = on_evict
        self._lock = threading.Lock()
        self._weights: dict[object, int] = {}
        self._evictables: dict[object, Evictable] = {}  # by their holders, oldest first

    @property
    def weights(self) -> int:
        """Of all networks."""
        return self._used + self._retained

    @property
    def under_pressure(self) -> bool:
        """Whether a few more networks might find no room."""
        return self._used > PRESSURE * self._total

    def reserve(self, owner: object, weights: int, field: str | None) -> None:
        """Have room for the holder's network, in place of the one it has.

        Raises:
            UserError: it is too large, or there is no room for it now; the one it has stays.
        """
        if weights > self._per_network:
            raise UserError("network_too_large", field, weights=weights, limit=self._per_network)
        with self._lock:
            others = self._used - self._weights.get(owner, 0)
            if others + weights > self._total:
                raise UserError(
                    "memory_full", field, limit=self._total, used=others, weights=weights
                )
            self._weights[owner] = weights
            evicted = self._evict_down_to(self._total)
        self._notify(evicted)

    def commit(self, owner: object, weights: int) -> None:
        """The holder has a network of so many weights; none at 0."""
        with self._lock:
            if weights:
                self._weights[owner] = weights
            else:
                self._weights.pop(owner, None)

    def retain(self, owner: object, retain: Evictable) -> None:
        """Keep a spare network for its holder, in place of the one it has, if there is room."""
        with self._lock:
            self._release(owner)
            self._evictables[owner] = retain
            evicted = self._evict_down_to(PRESSURE * self._total)
        self._notify([other for other in evicted if other is not owner])

    def release(self, owner: object) -> None:
        """The holder's spare network is not wanted any more."""
        with self._lock:
            self._release(owner)

    def expire(self, now: float) -> None:
        """Let go of the spare networks that have been kept for long enough."""
        with self._lock:
            evicted = [owner for owner, retain in self._evictables.items() if retain.until <= now]
            for owner in evicted:
                self._release(owner)
        self._notify(evicted)

    @property
    def _used(self) -> int:
        return sum(list(self._weights.values()))

    @property
    def _retained(self) -> int:
        return sum(retain.weights for retain in list(self._evictables.values()))

    def _evict_down_to(self, most: float) -> list[object]:
        """Let go of spare networks until all together have no more weights; whose they were."""
        evicted = []
        while self._evictables and self.weights > most:
            owner = next(iter(self._evictables))
            self._release(owner)
            evicted.append(owner)
        return evicted

    def _release(self, owner: object) -> None:
        retain = self._evictables.pop(owner, None)
        if retain is not None:
            retain.release()

    def _notify(self, owners: list[object]) -> None:
        for owner in owners:
            self._on_evict(owner)
