"""Perplexity and throughput over the last half second of training."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from app.training.curve import perplexity
from model import TrainingStats

WINDOW = 0.5
"""Length of the window in seconds: steady enough to read, short enough to follow a slider."""


class RateStats(NamedTuple):
    """Perplexity and rates of training; None before the first slice."""

    perplexity: float | None = None
    ms_per_example: float | None = None
    characters_per_second: float | None = None
    steps_per_second: float | None = None


class RollingStats:
    """Statistics of the training slices that ended within the window."""

    def __init__(self) -> None:
        self.rates = RateStats()
        self._slices: deque[tuple[float, TrainingStats]] = deque()  # (ended, stats), oldest first
        self._since = 0.0  # start of the window by the clock, including the wait for a slice

    def add(self, slice_stats: TrainingStats, now: float) -> None:
        """Add a slice of training that ended now."""
        if not self._slices:
            self._since = now - slice_stats.seconds
        self._slices.append((now, slice_stats))
        while self._slices[0][0] < now - WINDOW:
            self._since = self._slices.popleft()[0]
        self.rates = self._rates(now)

    def reset(self) -> None:
        """Empty the window, so that the time of a pause does not count."""
        self._slices.clear()

    def _rates(self, now: float) -> RateStats:
        slices = [stats for _, stats in self._slices]
        steps = sum(stats.steps for stats in slices)
        seconds = sum(stats.seconds for stats in slices)
        mean = perplexity(
            sum(stats.cost for stats in slices), sum(stats.predictions for stats in slices)
        )
        elapsed = max(now - self._since, seconds)
        characters = sum(stats.characters for stats in slices)
        return RateStats(
            perplexity=mean if math.isfinite(mean) else None,
            ms_per_example=1000 * seconds / steps if steps else None,
            characters_per_second=characters / elapsed if elapsed > 0 else None,
            steps_per_second=steps / elapsed if elapsed > 0 else None,
        )
