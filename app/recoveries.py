"""Telling a visitor that the network ran off and was brought back."""

from __future__ import annotations

from model import Recovery

QUIET = 0.5
"""Seconds to wait for a further one: at far too high a rate several come at once, and are told in
one sentence."""


class Recoveries:
    """Keeps count of a training's recoveries, and of those that the visitor knows of."""

    def __init__(self) -> None:
        self._seen = self._told = 0
        self._newest_at = 0.0

    def news(self, recoveries: tuple[Recovery, ...], now: float) -> str | None:
        """What to tell of all the recoveries of a training; None where there is nothing new."""
        if len(recoveries) > self._seen:
            self._seen, self._newest_at = len(recoveries), now
        untold = self._seen - self._told
        if not untold or now - self._newest_at < QUIET:
            return None
        self._told = self._seen
        return _in_words(untold, recoveries[-1].learning_rate)


def _in_words(times: int, learning_rate: float) -> str:
    if times == 1:
        return (
            "The network ran off, so it went back to its last good state and goes on at half the "
            f"learning rate, {learning_rate:g}."
        )
    return (
        f"The network ran off {times} times, so it went back to its last good state and goes on "
        f"at a lower learning rate, {learning_rate:g}."
    )
