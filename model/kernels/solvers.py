"""A step of the optimizer: one loop over the flat vector of parameters."""

from __future__ import annotations

import math

from model.kernels.compile import kernel
from model.layout import FloatArray


@kernel
def rmsprop_step(
    parameters: FloatArray,
    gradient: FloatArray,
    cache: FloatArray,
    learning_rate: float,
    l2: float,
    clip: float,
    decay: float,
    epsilon: float,
) -> tuple[float, int]:
    """RMSProp as the original demo has it; the gradient is zeroed for the next sentence.

    cache = decay * cache + (1 - decay) * g^2 with the gradient before clipping; then
    parameter -= learning_rate * clip(g) / sqrt(cache + epsilon) + l2 * parameter
    (T. Tieleman and G. Hinton, 2012, without correction for the cache's start at zero).

    All arrays are flat and alike in shape. Returns the sum of the squared gradient before
    clipping, and how many of its entries were clipped.
    """
    number = parameters.dtype.type
    rate, shrink, limit = number(learning_rate), number(l2), number(clip)
    keep, add, small = number(decay), number(1.0 - decay), number(epsilon)
    squares, clipped = number(0), 0
    for k in range(parameters.shape[0]):
        g = gradient[k]
        squares += g * g
        cache[k] = cache[k] * keep + add * g * g
        if abs(g) > limit:
            clipped += 1
        g = min(max(g, -limit), limit)
        parameters[k] -= rate * g / math.sqrt(cache[k] + small) + shrink * parameters[k]
        gradient[k] = number(0)
    return float(squares), clipped
