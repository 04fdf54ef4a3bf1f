"""Histograms of weights and of their changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.analysis.histograms import (
    BINS,
    MAX_NUMBERS,
    histogram,
    log10_histogram,
    subsample,
    symmetric_histogram,
)

NUMBERS = arrays.arrays(
    np.float64, st.integers(1, 50), elements=st.floats(allow_nan=True, allow_infinity=True)
)


@given(NUMBERS)
def test_each_number_is_in_one_bin_and_nan_in_none(numbers: np.ndarray) -> None:
    found = symmetric_histogram(numbers)
    assert found.low == -found.high < 0
    assert len(found.counts) == BINS
    assert found.counts.sum() == (~np.isnan(numbers)).sum()


def test_bins_have_equal_width_and_the_outer_ones_include_numbers_beyond() -> None:
    found = histogram(np.array([-9.0, 0.1, 10.4, 10.6, 20.9, 99.0]), 0.0, 21.0)
    expected = np.zeros(BINS, dtype=int)
    expected[[0, 10, 20]] = [2, 2, 2]
    np.testing.assert_array_equal(found.counts, expected)


def test_small_weights_are_in_the_middle_bin() -> None:
    found = symmetric_histogram(np.array([-1.0, 1.0, 0.0, 0.01, -0.01]))
    assert found.counts[BINS // 2] == 3
    assert found.counts[0] == found.counts[-1] == 1


def test_changes_are_counted_by_power_of_ten() -> None:
    found = log10_histogram(np.array([1e-3, 1e-3, 0.0, np.inf, np.nan]))
    third = int((-3 - found.low) / (found.high - found.low) * BINS)
    assert found.counts[third] == 2
    assert found.counts[0] == 1  # no change at all
    assert found.counts[-1] == 1  # of what was zero
    assert found.counts.sum() == 4


def test_large_matrices_are_sampled_throughout() -> None:
    matrix = np.arange(300 * 100).reshape(300, 100).astype(np.float32)
    numbers = subsample(matrix.T)
    assert len(numbers) == MAX_NUMBERS
    assert numbers.min() < 100
    assert numbers.max() > 29_900
    assert len({number % 100 for number in numbers}) == 100  # every column
    np.testing.assert_array_equal(subsample(matrix.T), numbers)
    np.testing.assert_array_equal(subsample(matrix[:3]), np.arange(300))
