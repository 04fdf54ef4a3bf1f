"""Noticing that a network has begun to learn its sentences by heart."""

from __future__ import annotations

import math
from collections.abc import Iterable

from app.curve import CurvePoint

SMOOTHING = 0.8
"""How much of a mean one more point leaves as it was: single points go up and down."""
CLEARLY = math.log(1.05)
"""How much worse the sentences kept aside must have become, while those that are learnt got better:
less is soon taken back."""


class Memorising:
    """Follows a curve, and remembers when the sentences kept aside were understood best.

    Attributes:
        since: the step of that moment, where it has clearly been got over; None before.
    """

    def __init__(self, points: Iterable[CurvePoint] = ()) -> None:
        self.since: int | None = None
        self._learnt = self._held_out = math.nan  # smoothed logarithms of the perplexities
        self._best = (math.inf, math.inf, 0)  # held out, learnt, step: at the best moment
        for point in points:
            self.add(point)

    def add(self, point: CurvePoint) -> None:
        """The curve has one more point."""
        if point.held_out is None or not math.isfinite(point.held_out + point.perplexity):
            return
        self._held_out = _smoothed(self._held_out, math.log(point.held_out))
        self._learnt = _smoothed(self._learnt, math.log(point.perplexity))
        if self._held_out <= self._best[0]:
            self._best, self.since = (self._held_out, self._learnt, point.step), None
            return
        best, learnt_then, step = self._best
        if self._held_out > best + CLEARLY and self._learnt < learnt_then:
            self.since = step


def _smoothed(before: float, now: float) -> float:
    return now if math.isnan(before) else SMOOTHING * before + (1 - SMOOTHING) * now
