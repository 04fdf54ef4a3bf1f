"""A step of the optimizer: a few loops over the flat vector of parameters.

A solver is passed to the kernels as a value of its own type, with its memory in it: code is
compiled for the one that is used.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from model.kernels.compile import implements, kernel
from model.network import FloatArray


class Rule(NamedTuple):
    """What holds for a step, whatever the solver.

    Attributes:
        l2: share of every parameter that the step takes away.
        clip: the largest gradient that counts.
        clip_norm: whether `clip` holds for the norm of all gradients together, not for each.
    """

    l2: float
    clip: float
    clip_norm: bool


class Rmsprop(NamedTuple):
    """The memory of RMSProp, as the kernels take it.

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


class Adam(NamedTuple):
    """The memory of Adam, as the kernels take it.

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


def solver_step(
    solver: Any,
    parameters: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    rule: Rule,
    step: int,
) -> int:
    """Change the parameters by a step, the `step`-th of this call, and zero the gradient.

    parameters and gradient are flat. Returns how many gradients were clipped one by one.
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


@implements(solver_step, Rmsprop)
def rmsprop_step(
    solver: Any,
    parameters: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    rule: Rule,
    step: int,
) -> int:
    """RMSProp (T. Tieleman and G. Hinton, 2012), with the epsilon where the original demo has it.

    cache = decay * cache + (1 - decay) * g^2 with the gradient before it is clipped one by one;
    parameter -= learning_rate * clip(g) / sqrt(cache * correction + epsilon) + l2 * parameter.

    The correction is Adam's, 1 / (1 - decay^steps), for a mean that began at zero: without it the
    first steps are 31 times too long, from which wide networks may never recover.
    """
    number = parameters.dtype.type
    rate, shrink, limit = number(learning_rate), number(rule.l2), number(rule.clip)
    keep, add, small = number(solver.decay), number(1.0 - solver.decay), number(solver.epsilon)
    correction = number(1)
    if solver.steps >= 0:
        correction = number(1.0 / (1.0 - solver.decay ** (solver.steps + step + 1)))
    cache, clipped = solver.cache, 0
    for k in range(parameters.shape[0]):
        g = gradient[k]
        cache[k] = cache[k] * keep + add * g * g
        if abs(g) > limit:
            clipped += 1
        g = min(max(g, -limit), limit)
        root = math.sqrt(cache[k] * correction + small)
        parameters[k] -= rate * g / root + shrink * parameters[k]
        gradient[k] = number(0)
    return clipped


@implements(solver_step, Adam)
def adam_step(
    solver: Any,
    parameters: FloatArray,
    gradient: FloatArray,
    learning_rate: float,
    rule: Rule,
    step: int,
) -> int:
    """Adam (D. P. Kingma and J. Ba, 2015), with weight decay apart from the gradient.

    parameter -= learning_rate * mean / (sqrt(cache) + epsilon) + l2 * parameter, both means
    corrected for their start at zero.
    """
    number = parameters.dtype.type
    seen = solver.steps + step + 1
    mean_correction = number(1.0 / (1.0 - solver.mean_decay**seen))
    correction = number(1.0 / (1.0 - solver.decay**seen))
    rate, shrink, limit = number(learning_rate), number(rule.l2), number(rule.clip)
    keep_mean, add_mean = number(solver.mean_decay), number(1.0 - solver.mean_decay)
    keep, add, small = number(solver.decay), number(1.0 - solver.decay), number(solver.epsilon)
    mean, cache, clipped = solver.mean, solver.cache, 0
    for k in range(parameters.shape[0]):
        g = gradient[k]
        if abs(g) > limit:
            clipped += 1
        g = min(max(g, -limit), limit)
        mean[k] = mean[k] * keep_mean + add_mean * g
        cache[k] = cache[k] * keep + add * g * g
        root = math.sqrt(cache[k] * correction) + small
        parameters[k] -= rate * (mean[k] * mean_correction) / root + shrink * parameters[k]
        gradient[k] = number(0)
    return clipped
