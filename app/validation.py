"""Looking at the sentences kept aside while a network learns the others."""

from __future__ import annotations

import time

from model import HeldOut

INTERVAL = 0.5
"""Seconds from one time through to the next."""
SHARE = 0.03
"""Of the time that a session learns: what is seen here is worth no more of it."""
PIECE = 0.01
"""Seconds at a time: a wide network needs many for all the sentences of a long text."""


class Validation:
    """Spends a small share of a session's time on the sentences kept aside."""

    def __init__(self, held_out: HeldOut | None) -> None:
        self._held_out = held_out
        self._due = 0.0
        self._owed = 0.0  # seconds of training until it has had no more than its share

    @property
    def perplexity(self) -> float | None:
        """Of all sentences kept aside, as last seen; None before, and where there are none."""
        return self._held_out.perplexity if self._held_out is not None else None

    def look(self, trained: float, now: float) -> None:
        """The network has learnt for so many seconds: look on, if it is time to."""
        self._owed = max(0.0, self._owed - trained)
        if self._held_out is None or self._owed or now < self._due:
            return
        passes, began = self._held_out.passes, time.perf_counter()
        self._held_out.look_for(PIECE)
        self._owed += (time.perf_counter() - began) / SHARE
        if self._held_out.passes > passes:
            self._due = now + INTERVAL
