"""Projection of letter vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.embeddings import project_embeddings


def vectors(seed: int, letters: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(letters, size))


@given(st.integers(0, 1000), st.integers(2, 40), st.integers(2, 8))
def test_components_equal_those_of_the_singular_value_decomposition(
    seed: int, letters: int, size: int
) -> None:
    found = project_embeddings(vectors(seed, letters, size))
    assert found is not None
    from_mean = vectors(seed, letters, size) - vectors(seed, letters, size).mean(axis=0)
    left, singular, _ = np.linalg.svd(from_mean, full_matrices=False)
    expected = left[:, :2] * singular[:2]
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), atol=1e-7)
    np.testing.assert_allclose(
        found.explained_variance_ratio, singular[:2] ** 2 / (singular**2).sum(), atol=1e-9
    )


def test_the_projection_is_deterministic_and_independent_of_the_mean() -> None:
    first = project_embeddings(vectors(5, 20, 4))
    again = project_embeddings(vectors(5, 20, 4) + 100)
    assert first is not None
    assert again is not None
    np.testing.assert_allclose(first.points, again.points, atol=1e-9)


def test_embeddings_of_size_1_have_one_component() -> None:
    found = project_embeddings(np.array([[1.0], [2.0], [4.0]]))
    assert found is not None
    np.testing.assert_allclose(found.points[:, 1], 0)
    assert tuple(found.explained_variance_ratio) == pytest.approx((1.0, 0.0))


def test_equal_vectors_have_equal_points() -> None:
    found = project_embeddings(np.ones((4, 3), dtype=np.float32))
    assert found is not None
    np.testing.assert_array_equal(found.points, np.zeros((4, 2)))


def test_a_diverged_network_has_no_projection() -> None:
    assert project_embeddings(np.array([[1.0, np.nan], [2.0, 3.0]])) is None
