"""Noticing that a training has run off, and bringing it back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.network import FloatArray
from model.training.optimizers import Solver

SECONDS_BETWEEN = 1.0  # of training, from one state that is kept to the next
WORSE_THAN_GUESSING = 3.0
"""A network that is as unsure as among so many times the characters there are has run off: knowing
nothing at all, it would be as unsure as among just those."""


@dataclass(frozen=True)
class Recovery:
    """A training ran off and was brought back.

    Attributes:
        step: when it was noticed, in steps since the training began.
        learning_rate: what it went on with.
    """

    step: int
    learning_rate: float


class Safeguard:
    """Keeps the last good state of a network and its solver."""

    def __init__(self, characters: int, parameters: FloatArray, solver: Solver) -> None:
        self._most_cost = math.log(characters * WORSE_THAN_GUESSING)  # a prediction
        self._keep(parameters, solver, seconds=0.0)

    def has_run_off(self, mean_cost: float) -> bool:
        """Whether a stretch with this mean cost of a prediction has run off."""
        return not mean_cost <= self._most_cost  # true for NaN as well

    def look(self, parameters: FloatArray, solver: Solver, seconds: float) -> None:
        """Keep this state, after so many seconds of training, if it is time to and it is sound."""
        if seconds - self._kept_at >= SECONDS_BETWEEN and np.isfinite(parameters).all():
            self._keep(parameters, solver, seconds)

    def bring_back(self, parameters: FloatArray) -> Solver:
        """Put the kept parameters in place, and return a copy of the solver that was kept."""
        parameters[:] = self._parameters
        return self._solver.copy()

    def _keep(self, parameters: FloatArray, solver: Solver, seconds: float) -> None:
        self._parameters = parameters.copy()
        self._solver = solver.copy()
        self._kept_at = seconds
