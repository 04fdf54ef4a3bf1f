"""Statistics of a training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.kernels.types import Float64Array, FloatArray
from model.metrics import perplexity_of


@dataclass(frozen=True)
class TrainingStats:
    """The statistics of a stretch of training.

    Attributes:
        steps: steps taken, each a batch of sentences.
        epoch: the epoch at its end: sentences trained on since the training began, divided by the
            number of sentences.
        characters: characters trained on.
        seconds: time spent in training.
        cost: sum of -ln p over all predictions, each sentence before its own step.
        predictions: number of predictions: one per character, and one per end of a sentence.
    """

    steps: int
    epoch: float
    characters: int
    seconds: float
    cost: float
    predictions: int

    @property
    def perplexity(self) -> float:
        """exp of the mean cost; infinite for a diverged network, NaN without steps."""
        return perplexity_of(self.cost, self.predictions)

    def __add__(self, then: TrainingStats) -> TrainingStats:
        """The statistics of this stretch and the next one together."""
        return TrainingStats(
            self.steps + then.steps,
            then.epoch,
            self.characters + then.characters,
            self.seconds + then.seconds,
            self.cost + then.cost,
            self.predictions + then.predictions,
        )


@dataclass(frozen=True)
class StepLog:
    """The statistics of each step of a stretch; arrays of shape (steps,).

    Attributes:
        losses: sum of -ln p over the sentences of the step, before it.
        gradient_norms: Euclidean norm of the mean gradient of a sentence, before clipping.
        clipped_shares: fraction of the parameters whose gradient was clipped.
    """

    losses: Float64Array
    gradient_norms: Float64Array
    clipped_shares: Float64Array

    def concat(self, then: StepLog) -> StepLog:
        """These steps followed by those of the next stretch."""
        return StepLog(
            np.concatenate((self.losses, then.losses)),
            np.concatenate((self.gradient_norms, then.gradient_norms)),
            np.concatenate((self.clipped_shares, then.clipped_shares)),
        )


@dataclass(frozen=True)
class ParameterUpdate:
    """The change of the parameters in one step.

    Attributes:
        step: its number since the training began.
        relative_change: (parameters,), |change| / |value before|: infinite where that value was
            zero, NaN where it stayed zero.
    """

    step: int
    relative_change: FloatArray
