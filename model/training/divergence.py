"""Detect divergence and roll back to the last good state."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.kernels.types import FloatArray
from model.training.optimizers import Optimizer

MAX_ROLLBACKS = 10
"""Rollbacks to one state, after which training is hopeless: the rate is a thousandth by then."""
MIN_LEARNING_RATE = 1e-8
"""The learning rate is not halved further."""
SECONDS_BETWEEN_SNAPSHOTS = 1.0  # in seconds of training
MAX_RELATIVE_PERPLEXITY = 3.0
"""A network may have diverged if its perplexity is more than this times the number of characters,
and has if it is also more than this times that of its last good state on the same sentences. A good
network can be worse than guessing on a text that it does not know, or on an odd sentence of its
own."""


@dataclass(frozen=True)
class Rollback:
    """A training diverged and was rolled back.

    Attributes:
        step: the number of steps before, since the training began.
        learning_rate: the rate after it.
    """

    step: int
    learning_rate: float


class DivergenceGuard:
    """Holds the last good state of a network and its optimizer.

    Args:
        characters: number of tokens of the network.
        params: (parameters,), the initial parameters.
        optimizer: the initial optimizer.
    """

    def __init__(self, characters: int, params: FloatArray, optimizer: Optimizer) -> None:
        self._max_loss = math.log(characters * MAX_RELATIVE_PERPLEXITY)  # a prediction
        self._snapshot(params, optimizer, seconds=0.0)

    def has_diverged(self, mean_loss: float, loss_of: Callable[[FloatArray], float]) -> bool:
        """Whether the mean loss of a prediction, in nats, shows divergence; true for NaN.

        Args:
            mean_loss: in a stretch of training.
            loss_of: computes the mean loss that parameters have on the sentences of the stretch;
                called only if the loss is high.
        """
        if mean_loss <= self._max_loss:
            return False
        rise = math.log(MAX_RELATIVE_PERPLEXITY)
        return not (math.isfinite(mean_loss) and mean_loss <= loss_of(self._params) + rise)

    def maybe_snapshot(
        self, params: FloatArray, optimizer: Optimizer, seconds: float, mean_loss: float
    ) -> None:
        """Copy the state after `seconds` of training, if a snapshot is due and the state good.

        A high loss is not good, or the state could get worse and worse with each snapshot.
        """
        is_due = seconds - self._snapshot_at >= SECONDS_BETWEEN_SNAPSHOTS
        if is_due and mean_loss <= self._max_loss and np.isfinite(params).all():
            self._snapshot(params, optimizer, seconds)

    @property
    def is_hopeless(self) -> bool:
        """Whether training has diverged from the same state again and again."""
        return self._restores >= MAX_ROLLBACKS

    def try_again(self) -> None:
        """Allow as many rollbacks to the snapshot as to a new one."""
        self._restores = 0

    def restore(self, params: FloatArray) -> Optimizer:
        """Overwrite params with the snapshot; returns a copy of the snapshot's optimizer."""
        self._restores += 1
        params[:] = self._params
        return self._optimizer.copy()

    def _snapshot(self, params: FloatArray, optimizer: Optimizer, seconds: float) -> None:
        self._params = params.copy()
        self._optimizer = optimizer.copy()
        self._snapshot_at = seconds
        self._restores = 0


def halved(learning_rate: float) -> float:
    """Half the learning rate, but not below `MIN_LEARNING_RATE`, unless it is already."""
    return max(learning_rate / 2, min(learning_rate, MIN_LEARNING_RATE))
