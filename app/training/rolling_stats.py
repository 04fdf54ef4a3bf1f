"""Perplexity and throughput over the last half second of training."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from app.training.curve import perplexity
from model import TrainingStats

WINDOW = 0.5
"""Seconds that the figures look back: steady enough to read, quick enough to follow a slider."""


class RateStats(NamedTuple):
    """The figures of the last moments; None before there are any."""

    perplexity: float | None = None
    ms_per_example: float | None = None
    characters_per_second: float | None = None
    steps_per_second: float | None = None


class RollingStats:
    """The stretches of training that ended within the window, and their figures."""

    def __init__(self) -> None:
        self.rates = RateStats()
        self._stretches: deque[tuple[float, TrainingStats]] = (
            deque()
        )  # (ended, stretch), oldest first
        self._since = 0.0  # when the oldest stretch began by the clock, waiting for a turn included

    def add(self, stretch: TrainingStats, now: float) -> None:
        """Take in a stretch of training that ended now."""
        if not self._stretches:
            self._since = now - stretch.seconds
        self._stretches.append((now, stretch))
        while self._stretches[0][0] < now - WINDOW:
            self._since = self._stretches.popleft()[0]
        self.rates = self._rates(now)

    def reset(self) -> None:
        """A pause begins: its time must not count when training goes on."""
        self._stretches.clear()

    def _rates(self, now: float) -> RateStats:
        stretches = [stretch for _, stretch in self._stretches]
        steps = sum(stretch.steps for stretch in stretches)
        seconds = sum(stretch.seconds for stretch in stretches)
        mean = perplexity(
            sum(stretch.cost for stretch in stretches),
            sum(stretch.predictions for stretch in stretches),
        )
        passed = max(now - self._since, seconds)
        characters = sum(stretch.characters for stretch in stretches)
        return RateStats(
            perplexity=mean if math.isfinite(mean) else None,
            ms_per_example=1000 * seconds / steps if steps else None,
            characters_per_second=characters / passed if passed > 0 else None,
            steps_per_second=steps / passed if passed > 0 else None,
        )
