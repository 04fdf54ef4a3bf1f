"""Features of a text, and the units that correlate with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.analysis.unit_features import FEATURES, correlations, most_correlated_units


@pytest.mark.parametrize(
    ("feature", "text", "expected"),
    [
        ("word_position", "ab, cde 1f", [1, 2, 0, 0, 1, 2, 3, 0, 0, 1]),
        ("quotes", 'a "bc" d', [0, 0, 1, 1, 1, 0, 0, 0]),
        ("quotes", "“a” «b»", [1, 1, 0, 0, 1, 1, 0]),
        ("brackets", "f(a[0]) )", [0, 1, 1, 2, 2, 1, 0, 0, 0]),
        ("digit", "a12 b3", [0, 1, 1, 0, 0, 1]),
        ("sentence_position", "abc", [1, 2, 3]),
        ("line_position", "ab\ncd", [1, 2, 0, 1, 2]),
        ("indentation", "  a b\n\tc", [1, 2, 2, 2, 2, 0, 1, 1]),
        ("string", 'a="#" ', [0, 0, 1, 1, 0, 0]),
        ("string", r"'\'' b", [1, 1, 1, 0, 0, 0]),
        ("string", '"""a\n"""b', [1, 1, 1, 1, 1, 1, 1, 0, 0]),
        ("string", '"a\nb', [1, 1, 0, 0]),
        ("comment", 'a # "b\nc', [0, 0, 1, 1, 1, 1, 0, 0]),
        ("comment", '"# a"', [0, 0, 0, 0, 0]),
    ],
)
def test_features_have_the_expected_values(feature: str, text: str, expected: list[int]) -> None:
    assert FEATURES[feature](list(text)) == expected


@given(st.sampled_from(sorted(FEATURES)), st.text(max_size=40))
def test_features_have_one_number_per_character(name: str, text: str) -> None:
    values = FEATURES[name](list(text))
    assert len(values) == len(text)
    assert all(value >= 0 for value in values)


@given(
    arrays.arrays(np.float64, (12, 4), elements=st.floats(-1, 1, width=16)),
    arrays.arrays(np.float64, (12,), elements=st.integers(0, 5).map(float)),
)
def test_correlations_equal_numpys(activations: np.ndarray, feature: np.ndarray) -> None:
    found = correlations(feature, activations)
    for unit in range(4):
        if np.ptp(feature) == 0 or np.ptp(activations[:, unit]) < 1e-6:
            continue
        expected = np.corrcoef(feature, activations[:, unit])[0, 1]
        assert found[unit] == pytest.approx(expected, abs=1e-6)


def test_units_are_ordered_by_absolute_correlation() -> None:
    feature = np.array([0.0, 1, 0, 1, 1, 0])
    noise = np.array([0.1, 0.9, 0.3, 0.2, 0.8, 0.1])
    layers = [np.column_stack([noise, np.zeros(6)]), np.column_stack([-2 * feature])]
    first, second = most_correlated_units(feature, layers, 5)
    assert (first.layer, first.unit) == (1, 0)
    assert first.correlation == pytest.approx(-1)
    assert (second.layer, second.unit) == (0, 0)
    assert 0 < second.correlation < 1


def test_constant_features_and_units_have_no_correlation() -> None:
    activations = np.random.default_rng(1).normal(size=(5, 3))
    assert most_correlated_units(np.zeros(5), [activations], 3) == []
    assert most_correlated_units(np.arange(5), [np.ones((5, 2))], 3) == []
    assert most_correlated_units(np.arange(5), [np.full((5, 2), np.nan)], 3) == []
