"""Training that leaves the processors to the tests: short slices with pauses between them."""

from __future__ import annotations

import time

from app.engines import local as local_engine
from app.engines.scheduler import Turn, Turns

SLICE = 0.006
PAUSE = 0.014
"""Seconds without training after each slice: a command waits no longer than both together."""


class PacedTurns(Turns):
    """Turns whose threads pause after every slice of training."""

    def give_back(self, turn: Turn, used: float, learning: bool) -> None:
        """End a turn."""
        super().give_back(turn, used, learning)
        if learning and not turn.called:
            time.sleep(PAUSE)

    def _slice(self) -> float:
        return SLICE


def pace_training() -> None:
    """Have every local engine that is made from now on train with pauses."""
    local_engine.Turns = PacedTurns  # type: ignore[misc]
