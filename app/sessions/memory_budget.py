"""Memory budget, in weights, per network and in total."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from app.errors import UserError

PRESSURE = 0.75
"""Share of the total above which the budget is under pressure."""


class Evictable(Protocol):
    """A replaced network, retained for undo while there is memory for it."""

    weights: int
    until: float

    def release(self) -> None:
        """Release the network. Called on any thread."""


def _ignore(_owner: object) -> None:
    """Ignore an eviction."""


class MemoryBudget:
    """Counts the weights of all networks in memory; thread-safe.

    A weight costs some 20 bytes during training: itself, its gradient, the optimizer's state, and
    the last good state of both. Each owner may retain one replaced network in the memory that is
    left: the oldest are evicted first, and `on_evict` is called with their owners.
    """

    def __init__(
        self, per_network: int, total: int, on_evict: Callable[[object], None] = _ignore
    ) -> None:
        self._per_network = per_network
        self._total = total
        self._on_evict = on_evict
        self._lock = threading.Lock()
        self._weights: dict[object, int] = {}
        self._evictables: dict[object, Evictable] = {}  # by owner, oldest first

    @property
    def weights(self) -> int:
        """Number of weights of all networks, retained ones included."""
        return self._used + self._retained

    @property
    def under_pressure(self) -> bool:
        """Whether a few more networks might exceed the total."""
        return self._used > PRESSURE * self._total

    def check_size(self, weights: int, field: str | None = None) -> None:
        """Check the limit of one network.

        Raises:
            UserError: a network of this size is too large.
        """
        if weights > self._per_network:
            raise UserError("network_too_large", field, weights=weights, limit=self._per_network)

    def reserve(
        self, owner: object, weights: int, field: str | None, *, exists: bool = False
    ) -> None:
        """Reserve memory for the owner's network, in place of its current one.

        A network that `exists` already may exceed the total while it is alone: it was created when
        the limit was higher.

        Raises:
            UserError: the budget is used up; nothing changes.
        """
        with self._lock:
            others = self._used - self._weights.get(owner, 0)
            if (others or not exists) and others + weights > self._total:
                raise UserError(
                    "memory_full", field, limit=self._total, used=others, weights=weights
                )
            self._weights[owner] = weights
            evicted = self._evict_down_to(self._total)
        self._notify(evicted)

    def commit(self, owner: object, weights: int) -> None:
        """Record the weights of the owner's network; 0 if it has none."""
        with self._lock:
            if weights:
                self._weights[owner] = weights
            else:
                self._weights.pop(owner, None)

    def retain(self, owner: object, network: Evictable) -> None:
        """Retain a replaced network for its owner, in place of the last, if there is memory."""
        with self._lock:
            self._release(owner)
            self._evictables[owner] = network
            evicted = self._evict_down_to(PRESSURE * self._total)
        self._notify([other for other in evicted if other is not owner])

    def release(self, owner: object) -> None:
        """Release the owner's retained network."""
        with self._lock:
            self._release(owner)

    def expire(self, now: float) -> None:
        """Release expired networks."""
        with self._lock:
            evicted = [owner for owner, network in self._evictables.items() if network.until <= now]
            for owner in evicted:
                self._release(owner)
        self._notify(evicted)

    @property
    def _used(self) -> int:
        return sum(list(self._weights.values()))

    @property
    def _retained(self) -> int:
        return sum(network.weights for network in list(self._evictables.values()))

    def _evict_down_to(self, limit: float) -> list[object]:
        """Release retained networks until the total is within the limit; returns their owners."""
        evicted = []
        while self._evictables and self.weights > limit:
            owner = next(iter(self._evictables))
            self._release(owner)
            evicted.append(owner)
        return evicted

    def _release(self, owner: object) -> None:
        network = self._evictables.pop(owner, None)
        if network is not None:
            network.release()

    def _notify(self, owners: list[object]) -> None:
        for owner in owners:
            self._on_evict(owner)
