"""How much of the server's memory networks may take, each and all together."""

from __future__ import annotations

import threading

from app.refusal import Refusal


class Room:
    """The weights of every network in memory; safe to use from any thread.

    A weight costs some 20 bytes while it learns: itself, its gradient, its solver's memory, and the
    last good state of both.
    """

    def __init__(self, one: int, together: int) -> None:
        self._one = one
        self._together = together
        self._lock = threading.Lock()
        self._weights: dict[object, int] = {}

    @property
    def weights(self) -> int:
        """Of all networks."""
        return sum(list(self._weights.values()))

    @property
    def is_short(self) -> bool:
        """Whether a few more networks might find no room."""
        return self.weights > 0.75 * self._together

    def take(self, holder: object, weights: int, field: str | None) -> None:
        """Have room for the holder's network, in place of the one it has.

        Raises:
            Refusal: it is too large, or there is no room for it now; the one it has keeps its room.
        """
        if weights > self._one:
            raise Refusal(
                f"This network would have {weights:,} weights; up to {self._one:,} are trained "
                "here. Take fewer or smaller hidden layers.",
                field,
            )
        with self._lock:
            others = self.weights - self._weights.get(holder, 0)
            if others + weights > self._together:
                raise Refusal(
                    f"The networks of all visitors together may have {self._together:,} weights, "
                    f"and {others:,} are taken: there is no room for {weights:,} more now. Take a "
                    "smaller network, or try again later.",
                    field,
                )
            self._weights[holder] = weights

    def hold(self, holder: object, weights: int) -> None:
        """The holder has a network of so many weights; none at 0."""
        with self._lock:
            if weights:
                self._weights[holder] = weights
            else:
                self._weights.pop(holder, None)
