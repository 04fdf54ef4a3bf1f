"""Paced training: short slices with pauses, so that the tests get CPU time."""

from __future__ import annotations

import time

from app.engines import training_pool
from app.engines.scheduler import Lease, Scheduler

TIME_SLICE = 0.006
PAUSE = 0.014
"""Seconds without training after each slice."""


class PacedScheduler(Scheduler):
    """A scheduler whose threads pause after every slice of training."""

    def release(self, lease: Lease, used: float, runnable: bool) -> None:
        """End a lease."""
        super().release(lease, used, runnable)
        if runnable and not lease.priority:
            time.sleep(PAUSE)

    def _time_slice(self) -> float:
        return TIME_SLICE


def pace_training() -> None:
    """Make every local engine created from now on train with pauses."""
    training_pool.Scheduler = PacedScheduler  # type: ignore[attr-defined]
