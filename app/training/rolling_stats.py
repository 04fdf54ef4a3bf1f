"""What the last moments of a training were like."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from app.training.curve import perplexity
from model import TrainingStats

WINDOW = 0.5
"""Seconds that the figures look back: steady enough to read, quick enough to follow a slider."""


class Figures(NamedTuple):
    """The figures of the last moments; None before there are any."""

    perplexity: float | None = None
    ms_per_example: float | None = None
    characters_per_second: float | None = None
    steps_per_second: float | None = None


class Recent:
    """The stretches of training that ended within the window, and their figures."""

    def __init__(self) -> None:
        self.figures = Figures()
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
        self.figures = self._figures(now)

    def break_off(self) -> None:
        """A pause begins: its time must not count when training goes on."""
        self._stretches.clear()

    def _figures(self, now: float) -> Figures:
        stretches = [stretch for _, stretch in self._stretches]
        steps = sum(stretch.steps for stretch in stretches)
        seconds = sum(stretch.seconds for stretch in stretches)
        mean = perplexity(
            sum(stretch.cost for stretch in stretches),
            sum(stretch.predictions for stretch in stretches),
        )
        passed = max(now - self._since, seconds)
        characters = sum(stretch.characters for stretch in stretches)
        return Figures(
            perplexity=mean if math.isfinite(mean) else None,
            ms_per_example=1000 * seconds / steps if steps else None,
            characters_per_second=characters / passed if passed > 0 else None,
            steps_per_second=steps / passed if passed > 0 else None,
        )
