"""The letter vectors on a plane: their first two principal components.

(K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray

COMPONENTS = 2


class LetterMap(NamedTuple):
    """Letter vectors on a plane.

    Attributes:
        points: (V, 2): the first two principal components of each vector.
        shares: (2,): the share of all variance that each component holds.
    """

    points: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]


def letter_map(vectors: FloatArray) -> LetterMap | None:
    """Vectors (V, E), one a row, on their first two principal components.

    A component's direction is only known up to its sign: here its largest weight is positive. Where
    there is one number a letter, the second component is zero. None where the vectors have run off.
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
    return LetterMap(points, shares)
