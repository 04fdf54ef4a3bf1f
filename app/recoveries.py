"""Telling a visitor that the network ran off and was brought back."""

from __future__ import annotations

from app.errors import Notice
from model import Recovery

QUIET = 0.5
"""Seconds to wait for a further one: at far too high a rate several come at once, and are told in
one sentence."""


class Recoveries:
    """Keeps count of a training's recoveries, and of those that the visitor knows of."""

    def __init__(self) -> None:
        self._seen = self._told = 0
        self._newest_at = 0.0

    def news(self, recoveries: tuple[Recovery, ...], now: float) -> Notice | None:
        """What to tell of all the recoveries of a training; None where there is nothing new."""
        if len(recoveries) > self._seen:
            self._seen, self._newest_at = len(recoveries), now
        untold = self._seen - self._told
        if not untold or now - self._newest_at < QUIET:
            return None
        self._told = self._seen
        rate = recoveries[-1].learning_rate
        if untold == 1:
            return Notice("rolled_back", {"learning_rate": rate})
        return Notice("rolled_back_often", {"times": untold, "learning_rate": rate})
