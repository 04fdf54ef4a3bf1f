"""The perplexity curve of a network: finely drawn at first, bounded for ever."""

from __future__ import annotations

import math
from typing import NamedTuple

from model import TrainingStats

FIRST_INTERVAL = 0.1
"""Seconds between the first points: the first minute of a training is when most happens."""
MOST_POINTS = 700
"""More than a curve on a screen shows. When there are as many they become half of it, which a frame
carries all at once, and no frame is larger than 16 KB."""
LARGEST_EXPONENT = 700.0
"""exp of more than this is not a number that a float can hold."""


class CurvePoint(NamedTuple):
    """The training between one point and the next.

    Attributes:
        step: steps since the network began, at the end of the stretch.
        epoch: epochs since then.
        seconds: seconds spent in training since then.
        cost: sum of -ln p of the stretch's predictions.
        predictions: how many there were.
        held_out: validation perplexity, as last measured; None without a validation set.
        learning_rate: of the stretch's last step; None where that was not noted.
        set_rate: what the learning rate was set to, from where its schedule goes on; None where
            that was not noted.
    """

    step: int
    epoch: float
    seconds: float
    cost: float
    predictions: int
    held_out: float | None = None
    learning_rate: float | None = None
    set_rate: float | None = None

    @property
    def perplexity(self) -> float:
        """exp of the mean cost of a prediction; infinite if the network has diverged."""
        return perplexity(self.cost, self.predictions)


def perplexity(cost: float, predictions: int) -> float:
    """exp of the mean cost of a prediction; infinite where there is no finite one."""
    mean = cost / predictions if predictions else math.nan
    return math.exp(mean) if mean < LARGEST_EXPONENT else math.inf  # false for NaN as well


class Curve:
    """Points by the clock. When there are too many, pairs become one and the interval doubles.

    Attributes:
        version: changes when points that were there before change.
        points: what has been drawn so far.
        interval: seconds between two points.
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
        self._opened: float | None = None  # when the stretch that has no point yet began
        self._cost = 0.0
        self._predictions = 0

    def add(
        self,
        stretch: TrainingStats,
        totals: TrainingStats,
        now: float,
        held_out: float | None = None,
        learning_rate: float | None = None,
        set_rate: float | None = None,
    ) -> CurvePoint | None:
        """Take in a stretch of training that ended now; the point that it makes, if it does."""
        if self._opened is None:
            self._opened = now - stretch.seconds
        self._cost += stretch.cost
        self._predictions += stretch.predictions
        if now - self._opened < self.interval:
            return None
        point = CurvePoint(
            totals.steps,
            totals.epoch,
            totals.seconds,
            self._cost,
            self._predictions,
            held_out,
            learning_rate,
            set_rate,
        )
        self._close(point, now)
        return point

    def _close(self, point: CurvePoint, now: float) -> None:
        self.points = (*self.points, point)
        self._opened, self._cost, self._predictions = now, 0.0, 0
        if len(self.points) >= MOST_POINTS:
            self._halve()

    def _halve(self) -> None:
        self.points = tuple(map(_merged, self.points[::2], self.points[1::2]))
        self.interval *= 2
        self.version += 1


def _merged(first: CurvePoint, then: CurvePoint) -> CurvePoint:
    return then._replace(
        cost=first.cost + then.cost, predictions=first.predictions + then.predictions
    )
