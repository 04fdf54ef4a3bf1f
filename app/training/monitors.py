"""Monitors of a training run: validation, overfitting and rollbacks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from app.errors import Notice
from app.training.curve import CurvePoint
from model import Rollback, Validator

VALIDATION_INTERVAL = 0.5
"""Seconds from one time through to the next."""

VALIDATION_SHARE = 0.03
"""Of the time that a session learns: what is seen here is worth no more of it."""

VALIDATION_SLICE = 0.01
"""Seconds at a time: a wide network needs many for all the sentences of a long text."""


class ValidationPacer:
    """Evaluates the validation sentences in a small share of the session's time."""

    def __init__(self, held_out: Validator | None) -> None:
        self._held_out = held_out
        self._due = 0.0
        self._cooldown = 0.0  # seconds of training until it has had no more than its share

    @property
    def perplexity(self) -> float | None:
        """Validation perplexity of the last complete pass; None if there was none."""
        return self._held_out.perplexity if self._held_out is not None else None

    def step(self, trained: float, now: float) -> None:
        """Continue the evaluation, if it is due, after so many seconds of training."""
        self._cooldown = max(0.0, self._cooldown - trained)
        if self._held_out is None or self._cooldown or now < self._due:
            return
        passes, began = self._held_out.completed_passes, time.perf_counter()
        self._held_out.evaluate_for(VALIDATION_SLICE)
        self._cooldown += (time.perf_counter() - began) / VALIDATION_SHARE
        if self._held_out.completed_passes > passes:
            self._due = now + VALIDATION_INTERVAL


SMOOTHING = 0.8
"""How much of a mean one more point leaves as it was: single points go up and down."""

MIN_RISE = math.log(1.05)
"""Minimum rise of the log validation perplexity; smaller ones are often temporary."""


class OverfittingDetector:
    """Detects overfitting: training perplexity falls while validation perplexity rises.

    Attributes:
        since: the step of the best validation perplexity, once overfitting is clear; else None.
    """

    def __init__(self, points: Iterable[CurvePoint] = ()) -> None:
        self.since: int | None = None
        self._learnt = self._held_out = math.nan  # smoothed logarithms of the perplexities
        self._best = (math.inf, math.inf, 0)  # validation, training, step: at the best moment
        for point in points:
            self.add(point)

    def add(self, point: CurvePoint) -> None:
        """Add a point of the curve."""
        if point.held_out is None or not math.isfinite(point.held_out + point.perplexity):
            return
        self._held_out = _smoothed(self._held_out, math.log(point.held_out))
        self._learnt = _smoothed(self._learnt, math.log(point.perplexity))
        if self._held_out <= self._best[0]:
            self._best, self.since = (self._held_out, self._learnt, point.step), None
            return
        best, learnt_then, step = self._best
        if self._held_out > best + MIN_RISE and self._learnt < learnt_then:
            self.since = step


def _smoothed(before: float, now: float) -> float:
    return now if math.isnan(before) else SMOOTHING * before + (1 - SMOOTHING) * now


QUIET_SECONDS = 0.5
"""Seconds to wait for a further one: at far too high a rate several come at once, and are told in
one sentence."""


class RollbackNotifier:
    """Turns rollbacks into notices for the visitor."""

    def __init__(self) -> None:
        self._seen = self._reported = 0
        self._newest_at = 0.0

    def next_notice(self, recoveries: tuple[Rollback, ...], now: float) -> Notice | None:
        """The notice on new rollbacks; None if there are none, or more may follow soon."""
        if len(recoveries) > self._seen:
            self._seen, self._newest_at = len(recoveries), now
        unreported = self._seen - self._reported
        if not unreported or now - self._newest_at < QUIET_SECONDS:
            return None
        self._reported = self._seen
        rate = recoveries[-1].learning_rate
        if unreported == 1:
            return Notice("rolled_back", {"learning_rate": rate})
        return Notice("rolled_back_often", {"times": unreported, "learning_rate": rate})
