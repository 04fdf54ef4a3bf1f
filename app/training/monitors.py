"""Monitors of a training run: validation, overfitting and rollbacks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import NamedTuple

from app.errors import Notice
from app.training.curve import CurvePoint
from model import Rollback, ValidationSet

VALIDATION_INTERVAL = 0.5
"""Seconds between two passes over the validation set."""

VALIDATION_SHARE = 0.03
"""Maximum share of the training time for validation."""

VALIDATION_SLICE = 0.01
"""Seconds of validation at a time: a pass of a wide network over a long text needs many."""


class ValidationPacer:
    """Evaluates the validation set in a small share of the training time."""

    def __init__(self, validator: ValidationSet | None) -> None:
        self._validator = validator
        self._due = 0.0
        self._cooldown = 0.0  # seconds of training until validation is within its share again

    @property
    def perplexity(self) -> float | None:
        """Validation perplexity of the last complete pass; None if there was none."""
        return self._validator.perplexity if self._validator is not None else None

    def step(self, trained: float, now: float) -> None:
        """Continue the evaluation, if it is due, after `trained` seconds of training."""
        self._cooldown = max(0.0, self._cooldown - trained)
        if self._validator is None or self._cooldown or now < self._due:
            return
        passes, began = self._validator.completed_passes, time.perf_counter()
        self._validator.evaluate_for(VALIDATION_SLICE)
        self._cooldown += (time.perf_counter() - began) / VALIDATION_SHARE
        if self._validator.completed_passes > passes:
            self._due = now + VALIDATION_INTERVAL


class BestSoFar(NamedTuple):
    """The validation loss of the best weights so far, in nats, and their step."""

    loss: float
    step: int


SMOOTHING = 0.8
"""Weight of the old value in the running means: single points are noisy."""

MIN_RISE = math.log(1.05)
"""Minimum rise of the log validation perplexity; smaller ones are often temporary."""


class OverfittingDetector:
    """Detects overfitting: training perplexity falls while validation perplexity rises.

    Attributes:
        since: the step of the best validation perplexity, once overfitting is clear; else None.
    """

    def __init__(self, points: Iterable[CurvePoint] = ()) -> None:
        self.since: int | None = None
        self._train = self._validation = math.nan  # smoothed log perplexities
        self._best = (math.inf, math.inf, 0)  # validation, training, step: at the best validation
        for point in points:
            self.add(point)

    def add(self, point: CurvePoint) -> None:
        """Add a point of the curve."""
        if point.validation is None or not math.isfinite(point.validation + point.perplexity):
            return
        self._validation = _smoothed(self._validation, math.log(point.validation))
        self._train = _smoothed(self._train, math.log(point.perplexity))
        if self._validation <= self._best[0]:
            self._best, self.since = (self._validation, self._train, point.step), None
            return
        best, train_at_best, step = self._best
        if self._validation > best + MIN_RISE and self._train < train_at_best:
            self.since = step


def _smoothed(before: float, now: float) -> float:
    return now if math.isnan(before) else SMOOTHING * before + (1 - SMOOTHING) * now


QUIET_SECONDS = 0.5
"""Seconds to wait for further rollbacks, to report several in one notice: at far too high a rate,
they come in quick succession."""


class RollbackNotifier:
    """Turns rollbacks into notices for the visitor."""

    def __init__(self) -> None:
        self._seen = self._reported = 0
        self._newest_at = 0.0

    def next_notice(self, rollbacks: tuple[Rollback, ...], now: float) -> Notice | None:
        """The notice on new rollbacks; None if there are none, or more may follow soon."""
        if len(rollbacks) > self._seen:
            self._seen, self._newest_at = len(rollbacks), now
        unreported = self._seen - self._reported
        if not unreported or now - self._newest_at < QUIET_SECONDS:
            return None
        self._reported = self._seen
        rate = rollbacks[-1].learning_rate
        if unreported == 1:
            return Notice("rolled_back", {"learning_rate": rate})
        return Notice("rolled_back_often", {"times": unreported, "learning_rate": rate})
