"""Scratch arrays for the kernels, one per thread and type, which grow on demand.

The content is undefined between calls: networks that train on one thread share the arrays.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray

_of_this_thread = threading.local()


def scratch(size: int, dtype: np.dtype[Any]) -> FloatArray:
    """A flat array of at least `size` numbers; its content is undefined."""
    space: FloatArray = _at_least(size, dtype)
    return space


def batch_scratch(rows: int) -> npt.NDArray[np.int64]:
    """Scratch space for the inputs, targets and row offsets of a batch: 3 * rows + 1 numbers."""
    space: npt.NDArray[np.int64] = _at_least(3 * rows + 1, np.dtype(np.int64))
    return space


def _at_least(size: int, dtype: np.dtype[Any]) -> Any:
    held = getattr(_of_this_thread, dtype.name, None)
    if held is None or held.size < size:
        held = np.empty(size, dtype=dtype)
        setattr(_of_this_thread, dtype.name, held)
    return held
