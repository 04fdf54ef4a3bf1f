"""Optimizer steps: loops over the flat parameter vector.

An optimizer is passed to the kernels as a value of its own type that holds its state: code is
compiled only for the one in use.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from model.kernels.compile import implements, kernel
from model.kernels.types import FloatArray


class StepConfig(NamedTuple):
    """The options of a step that do not depend on the optimizer.

    Attributes:
        l2: share of every parameter that the step takes away.
        clip: the largest gradient that counts.
        clip_norm: whether `clip` holds for the norm of all gradients together, not for each.
    """

    l2: float
    clip: float
    clip_norm: bool


class RMSPropState(NamedTuple):
    """The state of RMSProp.

    Attributes:
        cache: (parameters,), the running mean of squared gradients.
        decay: how much of the mean a step keeps.
        epsilon: added under the root.
        steps: how many steps the mean has seen; below 0 if it needs no correction.
    """

    cache: FloatArray
    decay: float
    epsilon: float
    steps: int


class AdamState(NamedTuple):
    """The state of Adam.

    Attributes:
        mean: (parameters,), the running mean of gradients.
        cache: (parameters,), the running mean of squared gradients.
        mean_decay: how much of the first a step keeps.
        decay: how much of the second.
        epsilon: added to the root.
        steps: how many steps the means have seen.
    """

    mean: FloatArray
    cache: FloatArray
    mean_decay: float
    decay: float
    epsilon: float
    steps: int


def optimizer_step(
    optimizer: Any,
    params: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    config: StepConfig,
    step: int,
) -> int:
    """Change the parameters by a step, the `step`-th of this call, and zero the gradient.

    params and gradient are flat. Returns how many gradients were clipped by value.
    """
    raise NotImplementedError


@kernel
def squared_norm(gradient: FloatArray) -> float:
    """The sum of the squares of a flat gradient."""
    squares = gradient.dtype.type(0)
    for k in range(gradient.shape[0]):
        squares += gradient[k] * gradient[k]
    return float(squares)


@kernel
def clip_by_norm(gradient: FloatArray, norm: float, largest: float) -> None:
    """Shrink the gradient if its norm is larger (R. Pascanu, T. Mikolov, Y. Bengio, 2013)."""
    if norm > largest:
        share = gradient.dtype.type(largest / norm)
        for k in range(gradient.shape[0]):
            gradient[k] *= share


@implements(optimizer_step, RMSPropState)
def rmsprop_step(
    optimizer: Any,
    params: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    config: StepConfig,
    step: int,
) -> int:
    """RMSProp (T. Tieleman and G. Hinton, 2012), with the epsilon where the original demo has it.

    cache = decay * cache + (1 - decay) * g^2 with the gradient before it is clipped one by one;
    parameter -= learning_rate * clip(g) / sqrt(cache * correction + epsilon) + l2 * parameter.

    The correction is Adam's, 1 / (1 - decay^steps), for a mean that began at zero: without it the
    first steps are 31 times too long, from which wide networks may never recover.
    """
    number = params.dtype.type
    rate, shrink, limit = number(learning_rate), number(config.l2), number(config.clip)
    keep, add, small = (
        number(optimizer.decay),
        number(1.0 - optimizer.decay),
        number(optimizer.epsilon),
    )
    correction = number(1)
    if optimizer.steps >= 0:
        correction = number(1.0 / (1.0 - optimizer.decay ** (optimizer.steps + step + 1)))
    cache, clipped = optimizer.cache, 0
    for k in range(params.shape[0]):
        g = gradient[k]
        cache[k] = cache[k] * keep + add * g * g
        if abs(g) > limit:
            clipped += 1
        g = min(max(g, -limit), limit)
        root = math.sqrt(cache[k] * correction + small)
        params[k] -= rate * g / root + shrink * params[k]
        gradient[k] = number(0)
    return clipped


@implements(optimizer_step, AdamState)
def adam_step(
    optimizer: Any,
    params: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    config: StepConfig,
    step: int,
) -> int:
    """Adam (D. P. Kingma and J. Ba, 2015), with weight decay apart from the gradient.

    parameter -= learning_rate * mean / (sqrt(cache) + epsilon) + l2 * parameter, both means
    corrected for their start at zero.
    """
    number = params.dtype.type
    seen = optimizer.steps + step + 1
    mean_correction = number(1.0 / (1.0 - optimizer.mean_decay**seen))
    correction = number(1.0 / (1.0 - optimizer.decay**seen))
    rate, shrink, limit = number(learning_rate), number(config.l2), number(config.clip)
    keep_mean, add_mean = number(optimizer.mean_decay), number(1.0 - optimizer.mean_decay)
    keep, add, small = (
        number(optimizer.decay),
        number(1.0 - optimizer.decay),
        number(optimizer.epsilon),
    )
    mean, cache, clipped = optimizer.mean, optimizer.cache, 0
    for k in range(params.shape[0]):
        g = gradient[k]
        if abs(g) > limit:
            clipped += 1
        g = min(max(g, -limit), limit)
        mean[k] = mean[k] * keep_mean + add_mean * g
        cache[k] = cache[k] * keep + add * g * g
        root = math.sqrt(cache[k] * correction) + small
        params[k] -= rate * (mean[k] * mean_correction) / root + shrink * params[k]
        gradient[k] = number(0)
    return clipped
