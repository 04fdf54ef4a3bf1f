"""Monitors of a training run: validation, overfitting and rollbacks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from app.errors import Notice
from app.training.curve import CurvePoint
from model import Rollback, Validator

INTERVAL = 0.5
"""Seconds from one time through to the next."""

SHARE = 0.03
"""Of the time that a session learns: what is seen here is worth no more of it."""

PIECE = 0.01
"""Seconds at a time: a wide network needs many for all the sentences of a long text."""


class Validation:
    """Spends a small share of a session's time on the sentences kept aside."""

    def __init__(self, held_out: Validator | None) -> None:
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
        passes, began = self._held_out.completed_passes, time.perf_counter()
        self._held_out.evaluate_for(PIECE)
        self._owed += (time.perf_counter() - began) / SHARE
        if self._held_out.completed_passes > passes:
            self._due = now + INTERVAL


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


QUIET = 0.5
"""Seconds to wait for a further one: at far too high a rate several come at once, and are told in
one sentence."""


class Recoveries:
    """Keeps count of a training's recoveries, and of those that the visitor knows of."""

    def __init__(self) -> None:
        self._seen = self._told = 0
        self._newest_at = 0.0

    def news(self, recoveries: tuple[Rollback, ...], now: float) -> Notice | None:
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
