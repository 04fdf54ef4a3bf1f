"""The array types of the kernels, and the token that marks a sentence's boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
"""float32 or float64, the network's precision."""
Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

BOUNDARY = 0
"""The token of START as an input and of END as a target; characters are numbered from 1."""
PACKING = 16
"""A matrix (k, n) packed by `gemm.pack` has up to (k + PACKING) * (n + PACKING) numbers."""
