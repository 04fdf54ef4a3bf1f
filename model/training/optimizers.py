"""What an optimizer remembers between steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.kernels import optimizers as solvers
from model.network import FloatArray


@dataclass
class RMSProp:
    """RMSProp's running mean of squared gradients.

    Attributes:
        step_cache: that mean for every parameter, flat, in the order of `Layout`.
        decay_rate: how much of it a step keeps.
        smooth_eps: added under the square root.
        steps: how many steps the mean has seen since it began at zero, which it is corrected for;
            None for a mean that is taken as it is.
    """

    name: ClassVar[str] = "rmsprop"

    step_cache: FloatArray
    decay_rate: float = 0.999
    smooth_eps: float = 1e-8
    steps: int | None = 0

    @classmethod
    def new(cls, parameters: FloatArray, corrected: bool = True) -> RMSProp:
        """An empty memory for these parameters."""
        return cls(np.zeros_like(parameters), steps=0 if corrected else None)

    def for_kernels(self) -> solvers.Rmsprop:
        """The memory as the kernels take it."""
        steps = -1 if self.steps is None else self.steps
        return solvers.Rmsprop(self.step_cache, self.decay_rate, self.smooth_eps, steps)

    def copy(self) -> RMSProp:
        """The same memory with arrays of its own."""
        return RMSProp(self.step_cache.copy(), self.decay_rate, self.smooth_eps, self.steps)

    def count(self, steps: int) -> None:
        """So many steps more have been taken."""
        if self.steps is not None:
            self.steps += steps


@dataclass
class Adam:
    """Adam's running means of gradients and of their squares.

    Attributes:
        step_mean: mean of the gradient of every parameter, flat, in the order of `Layout`.
        step_cache: mean of its square, likewise.
        mean_decay: how much of the first a step keeps.
        decay_rate: how much of the second.
        smooth_eps: added to the square root.
        steps: how many steps the means have seen since they began at zero.
    """

    name: ClassVar[str] = "adam"

    step_mean: FloatArray
    step_cache: FloatArray
    mean_decay: float = 0.9
    decay_rate: float = 0.999
    smooth_eps: float = 1e-8
    steps: int = 0

    @classmethod
    def new(cls, parameters: FloatArray) -> Adam:
        """An empty memory for these parameters."""
        return cls(np.zeros_like(parameters), np.zeros_like(parameters))

    def for_kernels(self) -> solvers.Adam:
        """The memory as the kernels take it."""
        return solvers.Adam(
            self.step_mean,
            self.step_cache,
            self.mean_decay,
            self.decay_rate,
            self.smooth_eps,
            self.steps,
        )

    def copy(self) -> Adam:
        """The same memory with arrays of its own."""
        return Adam(
            self.step_mean.copy(),
            self.step_cache.copy(),
            self.mean_decay,
            self.decay_rate,
            self.smooth_eps,
            self.steps,
        )

    def count(self, steps: int) -> None:
        """So many steps more have been taken."""
        self.steps += steps


Solver = RMSProp | Adam
