"""How numbers are spread: histograms of weights, and of how far a step moved them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray

MOST_NUMBERS = 4096
"""Of a matrix that are looked at: a histogram of more looks the same."""
BINS = 21
"""Odd, so that weights around zero are in one bin."""
SMALLEST_CHANGE, LARGEST_CHANGE = -7.0, 1.0
"""Powers of ten: float32 knows no smaller relative change, and a larger one makes no difference."""


class Histogram(NamedTuple):
    """Counts of numbers in bins of equal width.

    Attributes:
        low: where the first bin begins.
        high: where the last one ends.
        counts: (BINS,), int64.
    """

    low: float
    high: float
    counts: npt.NDArray[np.int64]


def looked_at(matrix: FloatArray) -> FloatArray:
    """Numbers of a matrix (rows, columns), all or MOST_NUMBERS from all over: (numbers,), float64.

    The same places every time, so that a histogram moves only where the numbers do.
    """
    if matrix.size <= MOST_NUMBERS:
        return matrix.ravel().astype(np.float64)
    places = np.random.default_rng(0).integers(matrix.size, size=MOST_NUMBERS)
    rows, columns = np.divmod(places, matrix.shape[1])
    chosen: FloatArray = matrix[rows, columns].astype(np.float64)
    return chosen


def histogram(numbers: FloatArray, low: float, high: float) -> Histogram:
    """Numbers in bins from low to high; what lies beyond is in the outermost, NaN in none."""
    finite = numbers[~np.isnan(numbers)]
    scale = max(abs(low), abs(high))  # the distance from low to high may be too large for a float
    share = (finite / scale - low / scale) / (high / scale - low / scale)
    bins = np.clip(share * BINS, 0, BINS - 1).astype(np.int64)
    return Histogram(low, high, np.bincount(bins, minlength=BINS))


def around_zero(numbers: FloatArray) -> Histogram:
    """Numbers in bins that reach as far below zero as above."""
    finite = np.abs(numbers[np.isfinite(numbers)])
    reach = float(finite.max(initial=0.0)) or 1.0
    return histogram(numbers, -reach, reach)


def of_changes(sizes: FloatArray) -> Histogram:
    """Relative changes by their power of ten."""
    with np.errstate(divide="ignore"):
        return histogram(np.log10(sizes), SMALLEST_CHANGE, LARGEST_CHANGE)
