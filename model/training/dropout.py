"""The state of dropout between steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model.kernels.dropout import Dropout, NoDropout
from model.training.state import MAX_STEPS

MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class DropoutState:
    """The dropout of the next step.

    Attributes:
        rate: the share of the values that are dropped, from 0 to below 1.
        seed: of the random bits, 0 to 2**32 - 1.
        step: number of steps taken.
    """

    rate: float
    seed: int
    step: int = 0

    @classmethod
    def initial(cls, rate: float, seed: int | None) -> DropoutState:
        """The state before the first step of a training with this seed; None for a random one."""
        return cls(rate, int(np.random.default_rng(seed).integers(MAX_SEED + 1)))

    def after(self, steps: int) -> DropoutState:
        """The state after so many further steps."""
        return replace(self, step=self.step + steps)

    def kernel_state(self) -> Dropout | NoDropout:
        """The state as the kernels take it."""
        return Dropout(self.rate, self.seed, self.step) if self.rate else NoDropout()

    def state_dict(self) -> dict[str, int]:
        """The seed and the number of steps, as plain data."""
        return {"seed": self.seed, "step": self.step}

    def with_state(self, state: Mapping[str, Any]) -> DropoutState:
        """The same rate with a saved seed and number of steps.

        Raises:
            ValueError, KeyError, TypeError: the state is invalid.
        """
        seed, step = state["seed"], state["step"]
        if not type(seed) is type(step) is int:
            raise TypeError("the state of dropout is damaged")
        if not (0 <= seed <= MAX_SEED and 0 <= step <= MAX_STEPS):
            raise ValueError("the state of dropout is damaged")
        return replace(self, seed=seed, step=step)
