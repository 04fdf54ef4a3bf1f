"""The perplexity curve of a network, with a bounded number of points."""

from __future__ import annotations

import math
from typing import NamedTuple

from model import TrainingStats

FIRST_INTERVAL = 0.1
"""Seconds between the first points: perplexity falls fastest in the first minute."""
MAX_POINTS = 700
"""More than a screen can show. At this number, the curve is halved; a frame then carries all its
points, and is no larger than 16 KB."""
MAX_EXPONENT = 700.0
"""exp of a larger number overflows a float."""


class CurvePoint(NamedTuple):
    """The training between the previous point and this one.

    Attributes:
        step: total training steps of the network.
        epoch: total epochs.
        seconds: total seconds of training.
        cost: sum of -ln p of the predictions since the previous point.
        predictions: number of these predictions.
        validation: validation perplexity, at its last evaluation; None without a validation set.
        learning_rate: of the last step; None if not recorded.
        set_rate: the base learning rate, to which the schedule applies; None if not recorded.
    """

    step: int
    epoch: float
    seconds: float
    cost: float
    predictions: int
    validation: float | None = None
    learning_rate: float | None = None
    set_rate: float | None = None

    @property
    def perplexity(self) -> float:
        """exp of the mean cost of a prediction; infinite if the network has diverged."""
        return perplexity(self.cost, self.predictions)


def perplexity(cost: float, predictions: int) -> float:
    """exp of the mean cost of a prediction; infinite if that is not finite."""
    mean = cost / predictions if predictions else math.nan
    return math.exp(mean) if mean < MAX_EXPONENT else math.inf  # also for NaN


class Curve:
    """The perplexity curve. At `MAX_POINTS`, pairs are merged and the interval doubles.

    Attributes:
        version: changes when earlier points change.
        points: the points so far.
        interval: seconds between two points, in wall-clock time.
    """

    def __init__(
        self,
        version: int = 0,
        points: tuple[CurvePoint, ...] = (),
        interval: float = FIRST_INTERVAL,
    ) -> None:
        self.version = version
        self.points = points
        self.interval = interval
        self._begun: float | None = None  # when the training that has no point yet began
        self._cost = 0.0
        self._predictions = 0

    def add(
        self,
        slice_stats: TrainingStats,
        totals: TrainingStats,
        now: float,
        validation: float | None = None,
        learning_rate: float | None = None,
        set_rate: float | None = None,
    ) -> CurvePoint | None:
        """Add a slice of training that ended now; returns the new point, if there is one."""
        if self._begun is None:
            self._begun = now - slice_stats.seconds
        self._cost += slice_stats.cost
        self._predictions += slice_stats.predictions
        if now - self._begun < self.interval:
            return None
        point = CurvePoint(
            totals.steps,
            totals.epoch,
            totals.seconds,
            self._cost,
            self._predictions,
            validation,
            learning_rate,
            set_rate,
        )
        self.points = (*self.points, point)
        self._begun, self._cost, self._predictions = now, 0.0, 0
        if len(self.points) >= MAX_POINTS:
            self._halve()
        return point

    def _halve(self) -> None:
        self.points = tuple(map(_merged, self.points[::2], self.points[1::2]))
        self.interval *= 2
        self.version += 1


def _merged(first: CurvePoint, second: CurvePoint) -> CurvePoint:
    return second._replace(
        cost=first.cost + second.cost, predictions=first.predictions + second.predictions
    )
