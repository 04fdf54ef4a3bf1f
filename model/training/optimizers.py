"""The optimizers: their state between steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model.errors import SettingsError
from model.kernels.optimizers import AdamState, RMSPropState
from model.kernels.types import FloatArray
from model.training.config import OptimizerName, TrainingConfig


@dataclass
class RMSProp:
    """The state of RMSProp (T. Tieleman and G. Hinton, 2012).

    Attributes:
        square_avg: (parameters,), the running mean of squared gradients.
        alpha: decay of that mean per step, from 0 to below 1.
        eps: added under the square root.
        steps: number of steps in the mean, for its bias correction; None for no correction.
    """

    name: ClassVar[OptimizerName] = "rmsprop"

    square_avg: FloatArray
    alpha: float = 0.999
    eps: float = 1e-8
    steps: int | None = 0

    @classmethod
    def zeros(cls, params: FloatArray, corrected: bool = True) -> RMSProp:
        """The initial state for these parameters."""
        return cls(np.zeros_like(params), steps=0 if corrected else None)

    def kernel_state(self) -> RMSPropState:
        """The state as the kernels take it, with the same arrays."""
        steps = -1 if self.steps is None else self.steps
        return RMSPropState(self.square_avg, self.alpha, self.eps, steps)

    def arrays(self) -> tuple[FloatArray, ...]:
        """The arrays of the state."""
        return (self.square_avg,)

    def copy(self) -> RMSProp:
        """The same state with arrays of its own."""
        return replace(self, square_avg=self.square_avg.copy())

    def advance(self, steps: int) -> None:
        """Count further steps."""
        if self.steps is not None:
            self.steps += steps


@dataclass
class Adam:
    """The state of Adam (D. P. Kingma and J. Ba, 2015).

    Attributes:
        grad_avg: (parameters,), the running mean of gradients.
        square_avg: (parameters,), the running mean of squared gradients.
        beta1: decay of `grad_avg` per step, from 0 to below 1.
        beta2: decay of `square_avg` per step, likewise.
        eps: added to the square root.
        steps: number of steps in the means, for their bias correction.
    """

    name: ClassVar[OptimizerName] = "adam"
    decay_by_rate: ClassVar[bool] = False

    grad_avg: FloatArray
    square_avg: FloatArray
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    steps: int = 0

    @classmethod
    def zeros(cls, params: FloatArray) -> Adam:
        """The initial state for these parameters."""
        return cls(np.zeros_like(params), np.zeros_like(params))

    def kernel_state(self) -> AdamState:
        """The state as the kernels take it, with the same arrays."""
        return AdamState(
            self.grad_avg,
            self.square_avg,
            self.beta1,
            self.beta2,
            self.eps,
            self.steps,
            self.decay_by_rate,
        )

    def arrays(self) -> tuple[FloatArray, ...]:
        """The arrays of the state."""
        return self.grad_avg, self.square_avg

    def copy(self) -> Adam:
        """The same state with arrays of its own."""
        return replace(self, grad_avg=self.grad_avg.copy(), square_avg=self.square_avg.copy())

    def advance(self, steps: int) -> None:
        """Count further steps."""
        self.steps += steps


@dataclass
class AdamW(Adam):
    """The state of Adam with weight decay in proportion to the learning rate.

    (I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", 2019.)
    """

    name: ClassVar[OptimizerName] = "adamw"
    decay_by_rate: ClassVar[bool] = True


Optimizer = RMSProp | Adam


def new_optimizer(config: TrainingConfig, params: FloatArray) -> Optimizer:
    """The optimizer of these options in its initial state."""
    if config.optimizer == "adam":
        return Adam.zeros(params)
    if config.optimizer == "adamw":
        return AdamW.zeros(params)
    return RMSProp.zeros(params, config.bias_correction)


def check_fits(optimizer: Optimizer, params: FloatArray) -> None:
    """Check that an optimizer is of these parameters; compiled code does not.

    Raises:
        SettingsError: it has another number of them, or another precision.
    """
    for state in optimizer.arrays():
        if (state.shape, state.dtype) != (params.shape, params.dtype):
            raise SettingsError("optimizer_mismatch", "optimizer")
