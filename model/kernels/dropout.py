"""Dropout, with random bits that are a hash of where they are used.

A mask depends on the seed, the step, the position of the row's token in the text, the layer and the
unit. It is computed again in the backward pass, is the same for any number of threads, and is
restored with the number of steps.

The type of the first argument selects the code, so that networks without dropout pay nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from model.kernels.compile import implements, kernel
from model.kernels.types import FloatArray, IntArray


class NoDropout(NamedTuple):
    """All values are kept."""

    rate: float = 0.0


class Dropout(NamedTuple):
    """A random share of the values is replaced by zero.

    Attributes:
        rate: the probability of a value to be dropped, above 0 and below 1.
        seed: of the random bits, 0 to 2**63 - 1.
        step: the number of the training step.
    """

    rate: float
    seed: int
    step: int


def at_step(dropout: Any, step: int) -> Any:
    """The dropout of the step that comes so many steps later."""
    raise NotImplementedError


def apply_dropout(
    dropout: Any, values: FloatArray, positions: IntArray, layer: int, out: FloatArray
) -> FloatArray:
    """The values (N, H) of a layer after dropout; `out` (N, H) is scratch space, or `values`.

    positions (N,) are the places of the rows in the text. Kept values are divided by 1 - rate, so
    that the expected sum is the same (N. Srivastava et al., "Dropout", 2014).
    """
    raise NotImplementedError


@implements(at_step, NoDropout)
def keep_all(dropout: Any, step: int) -> Any:
    """See `at_step`."""
    return dropout


@implements(at_step, Dropout)
def advance(dropout: Any, step: int) -> Any:
    """See `at_step`."""
    return Dropout(dropout.rate, dropout.seed, dropout.step + step)


@implements(apply_dropout, NoDropout)
def without_dropout(
    dropout: Any, values: FloatArray, positions: IntArray, layer: int, out: FloatArray
) -> FloatArray:
    """See `apply_dropout`."""
    return values


@implements(apply_dropout, Dropout)
def with_dropout(
    dropout: Any, values: FloatArray, positions: IntArray, layer: int, out: FloatArray
) -> FloatArray:
    """See `apply_dropout`."""
    number = values.dtype.type
    scale, zero = number(1.0 / (1.0 - dropout.rate)), number(0)
    threshold = np.uint32(dropout.rate * 2.0**32)
    for row in range(values.shape[0]):
        bits = row_bits(dropout.seed, dropout.step, positions[row], layer)
        given, result = values[row], out[row]
        for j in range(given.shape[0]):
            result[j] = given[j] * scale if hash32(bits + j) >= threshold else zero
    return out


@kernel
def row_bits(seed: int, step: int, position: int, layer: int) -> int:
    """32 bits that differ between rows: the mixing function of SplitMix64 (G. Steele et al., 2014).

    Its argument is a sum of odd multiples of the four numbers.
    """
    mixed = np.uint64(seed) + np.uint64(step) * np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64(position) * np.uint64(0xD1B54A32D192ED03)
    mixed += np.uint64(layer) * np.uint64(0x8CB92BA72F3D8DD7)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return int(np.uint32(mixed >> np.uint64(32)))


@kernel
def hash32(value: int) -> int:
    """32 random bits of a number: the function "lowbias32" of C. Wellons, 2018.

    In operations of 32 bits, so that eight or sixteen are computed at once.
    """
    bits = np.uint32(value)
    bits = np.uint32((bits ^ (bits >> np.uint32(16))) * np.uint32(0x7FEB352D))
    bits = np.uint32((bits ^ (bits >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(bits ^ (bits >> np.uint32(16)))  # type: ignore[return-value]  # not a wider one
