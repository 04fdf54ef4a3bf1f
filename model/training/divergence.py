"""Detect divergence and roll back to the last good state."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.kernels.types import FloatArray
from model.training.optimizers import Optimizer

SECONDS_BETWEEN_SNAPSHOTS = 1.0  # of training
MAX_RELATIVE_PERPLEXITY = 3.0
"""A network whose perplexity exceeds that of uniform guessing by this factor has diverged."""


@dataclass(frozen=True)
class Rollback:
    """A training diverged and was rolled back.

    Attributes:
        step: when it was detected, in steps since the training began.
        learning_rate: the rate that it continued with.
    """

    step: int
    learning_rate: float


class DivergenceGuard:
    """Holds the last good state of a network and its optimizer."""

    def __init__(self, characters: int, params: FloatArray, optimizer: Optimizer) -> None:
        self._max_loss = math.log(characters * MAX_RELATIVE_PERPLEXITY)  # a prediction
        self._snapshot(params, optimizer, seconds=0.0)

    def has_diverged(self, mean_loss: float) -> bool:
        """Whether a stretch with this mean loss of a prediction has diverged."""
        return not mean_loss <= self._max_loss  # true for NaN as well

    def maybe_snapshot(self, params: FloatArray, optimizer: Optimizer, seconds: float) -> None:
        """Keep this state, after so many seconds of training, if it is due and finite."""
        if seconds - self._snapshot_at >= SECONDS_BETWEEN_SNAPSHOTS and np.isfinite(params).all():
            self._snapshot(params, optimizer, seconds)

    def restore(self, params: FloatArray) -> Optimizer:
        """Restore the kept parameters in place; returns a copy of the kept optimizer."""
        params[:] = self._params
        return self._optimizer.copy()

    def _snapshot(self, params: FloatArray, optimizer: Optimizer, seconds: float) -> None:
        self._params = params.copy()
        self._optimizer = optimizer.copy()
        self._snapshot_at = seconds
