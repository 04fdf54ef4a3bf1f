"""Optimizer steps: loops over the flat parameter vector.

The type of the state selects the optimizer, so that code is compiled only for the one in use.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from model.kernels.compile import implements, kernel
from model.kernels.types import Float64Array, FloatArray


class StepConfig(NamedTuple):
    """The options of a step that do not depend on the optimizer.

    Attributes:
        weight_decay: the fraction of every parameter that the step subtracts.
        clip: the limit for gradients.
        clip_norm: whether `clip` limits the norm of the whole gradient, or each of its numbers.
    """

    weight_decay: float
    clip: float
    clip_norm: bool


class RMSPropState(NamedTuple):
    """The state of RMSProp.

    Attributes:
        square_avg: (parameters,), the running mean of squared gradients.
        alpha: decay of the mean per step.
        eps: added under the square root.
        steps: number of steps in the mean; below 0 for no bias correction.
    """

    square_avg: FloatArray
    alpha: float
    eps: float
    steps: int


class AdamState(NamedTuple):
    """The state of Adam.

    Attributes:
        grad_avg: (parameters,), the running mean of gradients.
        square_avg: (parameters,), the running mean of squared gradients.
        beta1: decay of `grad_avg` per step.
        beta2: decay of `square_avg` per step.
        eps: added to the square root.
        steps: number of steps in the means.
        decay_by_rate: whether the weight decay is multiplied by the learning rate, as in AdamW.
    """

    grad_avg: FloatArray
    square_avg: FloatArray
    beta1: float
    beta2: float
    eps: float
    steps: int
    decay_by_rate: bool


def optimizer_step(
    state: Any,
    params: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    config: StepConfig,
    step: int,
) -> int:
    """Update the parameters in place, and set the gradient to zero.

    params and gradient are (parameters,); step counts the steps of this call from 0. Returns the
    number of gradients that were clipped by value.
    """
    raise NotImplementedError


@kernel
def add_shards(gradients: FloatArray, fractions: Float64Array) -> None:
    """Overwrite the first gradient with the sum of fractions * gradients."""
    number, total = gradients.dtype.type, gradients[0]
    share = number(fractions[0])
    for shard in range(1, gradients.shape[0]):
        gradient, fraction = gradients[shard], number(fractions[shard])
        for k in range(total.shape[0]):
            total[k] = share * total[k] + fraction * gradient[k]
        share = number(1)


@kernel
def squared_norm(gradient: FloatArray) -> float:
    """The sum of squares of a gradient (parameters,)."""
    squares = gradient.dtype.type(0)
    for k in range(gradient.shape[0]):
        squares += gradient[k] * gradient[k]
    return float(squares)


@kernel
def clip_by_norm(gradient: FloatArray, norm: float, max_norm: float) -> None:
    """Scale a gradient (parameters,) down to a norm of at most `max_norm`, in place.

    (R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural
    networks", 2013.)
    """
    if norm > max_norm:
        scale = gradient.dtype.type(max_norm / norm)
        for k in range(gradient.shape[0]):
            gradient[k] *= scale


@implements(optimizer_step, RMSPropState)
def rmsprop_step(
    state: Any,
    params: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    config: StepConfig,
    step: int,
) -> int:
    """RMSProp (T. Tieleman and G. Hinton, 2012), with eps under the root as in the original demo.

    square_avg = alpha * square_avg + (1 - alpha) * g^2, with g before it is clipped by value;
    parameter -= lr * clip(g) / sqrt(square_avg * correction + eps) + weight_decay * parameter.

    The correction is Adam's, 1 / (1 - alpha^steps), for a mean that starts at zero: without it the
    first steps are 31 times too long, and wide networks may never recover from them.
    """
    number = params.dtype.type
    rate, decay, limit = number(learning_rate), number(config.weight_decay), number(config.clip)
    alpha, new, eps = number(state.alpha), number(1.0 - state.alpha), number(state.eps)
    correction = number(1)
    if state.steps >= 0:
        correction = number(1.0 / (1.0 - state.alpha ** (state.steps + step + 1)))
    square_avg, clipped = state.square_avg, number(0)  # an integer would halve the vector lanes
    for k in range(params.shape[0]):
        g = gradient[k]
        square_avg[k] = square_avg[k] * alpha + new * g * g
        clipped += number(abs(g) > limit)
        g = min(max(g, -limit), limit)
        root = math.sqrt(square_avg[k] * correction + eps)
        params[k] -= rate * g / root + decay * params[k]
        gradient[k] = number(0)
    return int(clipped)


@implements(optimizer_step, AdamState)
def adam_step(
    state: Any,
    params: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    config: StepConfig,
    step: int,
) -> int:
    """Adam (D. P. Kingma and J. Ba, 2015), with decoupled weight decay.

    parameter -= lr * grad_avg / (sqrt(square_avg) + eps) + weight_decay * parameter, where both
    means are corrected for their start at zero; AdamW multiplies the weight decay by lr.
    """
    number = params.dtype.type
    steps = state.steps + step + 1
    correction1 = number(1.0 / (1.0 - state.beta1**steps))
    correction2 = number(1.0 / (1.0 - state.beta2**steps))
    rate, limit = number(learning_rate), number(config.clip)
    decay = number(config.weight_decay * (learning_rate if state.decay_by_rate else 1.0))
    beta1, new1 = number(state.beta1), number(1.0 - state.beta1)
    beta2, new2, eps = number(state.beta2), number(1.0 - state.beta2), number(state.eps)
    grad_avg, square_avg, clipped = state.grad_avg, state.square_avg, number(0)
    for k in range(params.shape[0]):
        g = gradient[k]
        clipped += number(abs(g) > limit)
        g = min(max(g, -limit), limit)
        grad_avg[k] = grad_avg[k] * beta1 + new1 * g
        square_avg[k] = square_avg[k] * beta2 + new2 * g * g
        root = math.sqrt(square_avg[k] * correction2) + eps
        params[k] -= rate * (grad_avg[k] * correction1) / root + decay * params[k]
        gradient[k] = number(0)
    return int(clipped)
