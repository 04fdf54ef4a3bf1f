"""The optimizers' state between steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.kernels.optimizers import AdamState, RMSPropState
from model.kernels.types import FloatArray


@dataclass
class RMSProp:
    """RMSProp's running mean of squared gradients.

    Attributes:
        step_cache: that mean for every parameter, flat, in the order of `ParameterLayout`.
        decay_rate: how much of it a step keeps.
        smooth_eps: added under the square root.
        steps: how many steps the mean has seen, for its bias correction; None for no correction.
    """

    name: ClassVar[str] = "rmsprop"

    step_cache: FloatArray
    decay_rate: float = 0.999
    smooth_eps: float = 1e-8
    steps: int | None = 0

    @classmethod
    def zeros(cls, params: FloatArray, corrected: bool = True) -> RMSProp:
        """The initial state for these parameters."""
        return cls(np.zeros_like(params), steps=0 if corrected else None)

    def kernel_state(self) -> RMSPropState:
        """The state as the kernels take it."""
        steps = -1 if self.steps is None else self.steps
        return RMSPropState(self.step_cache, self.decay_rate, self.smooth_eps, steps)

    def copy(self) -> RMSProp:
        """The same state with arrays of its own."""
        return RMSProp(self.step_cache.copy(), self.decay_rate, self.smooth_eps, self.steps)

    def advance(self, steps: int) -> None:
        """Count so many further steps."""
        if self.steps is not None:
            self.steps += steps


@dataclass
class Adam:
    """Adam's running means of gradients and of their squares.

    Attributes:
        step_mean: mean of the gradient of every parameter, flat, in the order of `ParameterLayout`.
        step_cache: mean of its square, likewise.
        mean_decay: how much of the first a step keeps.
        decay_rate: how much of the second.
        smooth_eps: added to the square root.
        steps: how many steps the means have seen, for their bias correction.
    """

    name: ClassVar[str] = "adam"

    step_mean: FloatArray
    step_cache: FloatArray
    mean_decay: float = 0.9
    decay_rate: float = 0.999
    smooth_eps: float = 1e-8
    steps: int = 0

    @classmethod
    def zeros(cls, params: FloatArray) -> Adam:
        """The initial state for these parameters."""
        return cls(np.zeros_like(params), np.zeros_like(params))

    def kernel_state(self) -> AdamState:
        """The state as the kernels take it."""
        return AdamState(
            self.step_mean,
            self.step_cache,
            self.mean_decay,
            self.decay_rate,
            self.smooth_eps,
            self.steps,
        )

    def copy(self) -> Adam:
        """The same state with arrays of its own."""
        return Adam(
            self.step_mean.copy(),
            self.step_cache.copy(),
            self.mean_decay,
            self.decay_rate,
            self.smooth_eps,
            self.steps,
        )

    def advance(self, steps: int) -> None:
        """Count so many further steps."""
        self.steps += steps


Optimizer = RMSProp | Adam
