"""Memory budget of all sessions, in bytes, and the limit of weights of one network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from app.errors import UserError
from model.training.footprint import Footprint

PRESSURE = 0.75
"""Share of the total above which the budget is under pressure."""
NOTHING = Footprint(0, 0)
MB = 1_000_000


class Evictable(Protocol):
    """A replaced network, retained for undo while there is memory for it."""

    footprint: Footprint
    until: float

    def release(self) -> None:
        """Release the network. Called on any thread."""


def _ignore(_owner: object) -> None:
    """Ignore an eviction."""


class MemoryBudget:
    """Counts the bytes of all networks in memory, with their texts; thread-safe.

    Each owner may retain one replaced network in the memory that is left: the oldest are evicted
    first, and `on_evict` is called with their owners.

    Args:
        weights: limit of one network.
        total: limit of all networks together, in bytes.
        on_evict: called with the owner of a retained network that was evicted.
    """

    def __init__(
        self, weights: int, total: int, on_evict: Callable[[object], None] = _ignore
    ) -> None:
        self._max_weights = weights
        self._total = total
        self._on_evict = on_evict
        self._lock = threading.Lock()
        self._networks: dict[object, Footprint] = {}
        self._evictables: dict[object, Evictable] = {}  # by owner, oldest first

    @property
    def weights(self) -> int:
        """Number of weights of all networks, retained ones included."""
        return sum(each.weights for each in self._all())

    @property
    def bytes(self) -> int:
        """Bytes of all networks, retained ones included."""
        return sum(each.bytes for each in self._all())

    @property
    def under_pressure(self) -> bool:
        """Whether a few more networks might exceed the total."""
        return self._used > PRESSURE * self._total

    def check_size(self, weights: int, field: str | None = None) -> None:
        """Check the limit of one network.

        Raises:
            UserError: a network of this size is too large.
        """
        if weights > self._max_weights:
            raise UserError("network_too_large", field, weights=weights, limit=self._max_weights)

    def reserve(
        self, owner: object, needed: Footprint, field: str | None, *, exists: bool = False
    ) -> None:
        """Reserve memory for the owner's network, in place of its current one.

        A network that `exists` already may exceed the total while it is alone: it was created when
        the limit was higher.

        Raises:
            UserError: the budget is used up; nothing changes.
        """
        with self._lock:
            others = self._used - self._networks.get(owner, NOTHING).bytes
            if (others or not exists) and others + needed.bytes > self._total:
                raise UserError(
                    "memory_full",
                    field,
                    limit=self._total / MB,
                    used=others / MB,
                    needed=needed.bytes / MB,
                )
            self._networks[owner] = needed
            evicted = self._evict_down_to(self._total)
        self._notify(evicted)

    def commit(self, owner: object, network: Footprint | None) -> None:
        """Record the owner's network; None if it has none."""
        with self._lock:
            if network is not None:
                self._networks[owner] = network
            else:
                self._networks.pop(owner, None)

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
        return sum(each.bytes for each in list(self._networks.values()))

    def _all(self) -> list[Footprint]:
        retained = list(self._evictables.values())
        return [*list(self._networks.values()), *(each.footprint for each in retained)]

    def _evict_down_to(self, limit: float) -> list[object]:
        """Release retained networks until the total is within the limit; returns their owners."""
        evicted = []
        while self._evictables and self.bytes > limit:
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
