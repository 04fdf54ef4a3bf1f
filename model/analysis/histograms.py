"""Histograms of weights and of their relative changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray

MAX_NUMBERS = 4096
"""The maximal sample of a matrix: a histogram of more numbers looks the same."""
BINS = 21
"""Odd, so that weights around zero are in one bin."""
MIN_EXPONENT, MAX_EXPONENT = -7.0, 1.0
"""Powers of ten: float32 does not resolve smaller changes; larger ones share the last bin."""


class Histogram(NamedTuple):
    """Counts of numbers in bins of equal width.

    Attributes:
        low: lower edge of the first bin.
        high: upper edge of the last bin.
        counts: (BINS,), int64.
    """

    low: float
    high: float
    counts: npt.NDArray[np.int64]


def subsample(matrix: FloatArray) -> FloatArray:
    """At most MAX_NUMBERS numbers of a matrix (rows, columns), as (numbers,) in float64.

    The places are fixed, so that a histogram changes only if the numbers do.
    """
    if matrix.size <= MAX_NUMBERS:
        return matrix.ravel().astype(np.float64)
    places = np.random.default_rng(0).integers(matrix.size, size=MAX_NUMBERS)
    rows, columns = np.divmod(places, matrix.shape[1])
    chosen: FloatArray = matrix[rows, columns].astype(np.float64)
    return chosen


def histogram(numbers: FloatArray, low: float, high: float) -> Histogram:
    """The histogram of numbers (n,); the outer bins include numbers beyond them, NaN is ignored."""
    finite = numbers[~np.isnan(numbers)]
    scale = max(abs(low), abs(high))  # the distance from low to high may be too large for a float
    share = (finite / scale - low / scale) / (high / scale - low / scale)
    bins = np.clip(share * BINS, 0, BINS - 1).astype(np.int64)
    return Histogram(low, high, np.bincount(bins, minlength=BINS))


def symmetric_histogram(numbers: FloatArray) -> Histogram:
    """The histogram of numbers (n,) over a range that is symmetric about zero."""
    finite = np.abs(numbers[np.isfinite(numbers)])
    reach = float(finite.max(initial=0.0)) or 1.0
    return histogram(numbers, -reach, reach)


def log10_histogram(sizes: FloatArray) -> Histogram:
    """The histogram of log10 of relative changes (n,)."""
    with np.errstate(divide="ignore"):
        return histogram(np.log10(sizes), MIN_EXPONENT, MAX_EXPONENT)
