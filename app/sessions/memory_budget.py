"""How much of the server's memory networks may take, each and all together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from app.errors import UserError

SHORT = 0.75
"""Share of the room from which on a few more networks might find none."""


class Spare(Protocol):
    """A network that is kept only while nobody else needs its room."""

    weights: int
    until: float

    def let_go(self) -> None:
        """Keep it no longer; called on any thread."""


def tell_nobody(_holder: object) -> None:
    """Nobody wants to know that a spare network has been let go."""


class Room:
    """The weights of every network in memory; safe to use from any thread.

    A weight costs some 20 bytes while it learns: itself, its gradient, its solver's memory, and the
    last good state of both. Spare networks, one a holder, take what room is left: the oldest make
    way, and `tell` is called with their holders.
    """

    def __init__(
        self, one: int, together: int, tell: Callable[[object], None] = tell_nobody
    ) -> None:
        self._one = one
        self._together = together
        self._tell = tell
        self._lock = threading.Lock()
        self._weights: dict[object, int] = {}
        self._spares: dict[object, Spare] = {}  # by their holders, oldest first

    @property
    def weights(self) -> int:
        """Of all networks."""
        return self._used + self._spared

    @property
    def is_short(self) -> bool:
        """Whether a few more networks might find no room."""
        return self._used > SHORT * self._together

    def take(self, holder: object, weights: int, field: str | None) -> None:
        """Have room for the holder's network, in place of the one it has.

        Raises:
            UserError: it is too large, or there is no room for it now; the one it has stays.
        """
        if weights > self._one:
            raise UserError("network_too_large", field, weights=weights, limit=self._one)
        with self._lock:
            others = self._used - self._weights.get(holder, 0)
            if others + weights > self._together:
                raise UserError(
                    "memory_full", field, limit=self._together, used=others, weights=weights
                )
            self._weights[holder] = weights
            gone = self._clear(self._together)
        self._tell_all(gone)

    def hold(self, holder: object, weights: int) -> None:
        """The holder has a network of so many weights; none at 0."""
        with self._lock:
            if weights:
                self._weights[holder] = weights
            else:
                self._weights.pop(holder, None)

    def spare(self, holder: object, spare: Spare) -> None:
        """Keep a spare network for its holder, in place of the one it has, if there is room."""
        with self._lock:
            self._let_go(holder)
            self._spares[holder] = spare
            gone = self._clear(SHORT * self._together)
        self._tell_all([other for other in gone if other is not holder])

    def let_go(self, holder: object) -> None:
        """The holder's spare network is not wanted any more."""
        with self._lock:
            self._let_go(holder)

    def expire(self, now: float) -> None:
        """Let go of the spare networks that have been kept for long enough."""
        with self._lock:
            gone = [holder for holder, spare in self._spares.items() if spare.until <= now]
            for holder in gone:
                self._let_go(holder)
        self._tell_all(gone)

    @property
    def _used(self) -> int:
        return sum(list(self._weights.values()))

    @property
    def _spared(self) -> int:
        return sum(spare.weights for spare in list(self._spares.values()))

    def _clear(self, most: float) -> list[object]:
        """Let go of spare networks until all together have no more weights; whose they were."""
        gone = []
        while self._spares and self.weights > most:
            holder = next(iter(self._spares))
            self._let_go(holder)
            gone.append(holder)
        return gone

    def _let_go(self, holder: object) -> None:
        spare = self._spares.pop(holder, None)
        if spare is not None:
            spare.let_go()

    def _tell_all(self, holders: list[object]) -> None:
        for holder in holders:
            self._tell(holder)
