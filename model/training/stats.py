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
        epoch: sentences trained on since the training began, over the number of sentences.
        perplexity: exp(cost / predictions) over the stretch, each sentence before its own step.
        characters: characters trained on.
        seconds: time spent in training.
        cost: sum of -ln p of all predictions of the stretch.
        predictions: their number: one per character, and one per sentence's end.
    """

    steps: int
    epoch: float
    characters: int
    seconds: float
    cost: float
    predictions: int

    @property
    def perplexity(self) -> float:
        """exp of the mean cost; infinite for a diverged network, NaN before the first step."""
        return perplexity_of(self.cost, self.predictions)

    def __add__(self, then: TrainingStats) -> TrainingStats:
        """This stretch and the one after it as one."""
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
        losses: sum of -ln p over the step's sentences, before it.
        gradient_norms: of all parameters' mean gradient of a sentence, before clipping.
        clipped_shares: share of the parameters whose gradient was clipped.
    """

    losses: Float64Array
    gradient_norms: Float64Array
    clipped_shares: Float64Array

    def concat(self, then: StepLog) -> StepLog:
        """These steps and those of the stretch after it."""
        return StepLog(
            np.concatenate((self.losses, then.losses)),
            np.concatenate((self.gradient_norms, then.gradient_norms)),
            np.concatenate((self.clipped_shares, then.clipped_shares)),
        )


@dataclass(frozen=True)
class ParameterUpdate:
    """How far one step changed the parameters.

    Attributes:
        step: its number since the training began.
        relative_change: (parameters,), the size of each change relative to the value before:
            infinite where that was zero, NaN where it stayed zero.
    """

    step: int
    relative_change: FloatArray
