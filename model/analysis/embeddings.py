"""Projection of letter vectors onto their first two principal components.

(K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray

COMPONENTS = 2


class EmbeddingProjection(NamedTuple):
    """Letter vectors in the plane.

    Attributes:
        points: (V, 2), the first two principal components of each vector.
        explained_variance_ratio: (2,), the fraction of the variance along each component.
    """

    points: npt.NDArray[np.float64]
    explained_variance_ratio: npt.NDArray[np.float64]


def project_embeddings(vectors: FloatArray) -> EmbeddingProjection | None:
    """The projection of vectors (V, E); None if they are not finite.

    The sign of a component is arbitrary: here its largest weight is positive. For E = 1 the second
    component is zero.
    """
    from_mean = vectors.astype(np.float64)
    if not np.isfinite(from_mean).all():
        return None
    from_mean -= from_mean.mean(axis=0)
    variances, axes = np.linalg.eigh(from_mean.T @ from_mean)  # ascending: (E,), (E, E)
    first = axes[:, ::-1][:, :COMPONENTS]  # (E, components)
    largest = np.abs(first).argmax(axis=0)
    first = first * np.sign(first[largest, np.arange(first.shape[1])])
    total = max(float(variances.sum()), np.finfo(np.float64).tiny)
    points = np.zeros((len(vectors), COMPONENTS))
    shares = np.zeros(COMPONENTS)
    points[:, : first.shape[1]] = from_mean @ first
    shares[: first.shape[1]] = np.maximum(variances[::-1][:COMPONENTS], 0) / total
    return EmbeddingProjection(points, shares)
