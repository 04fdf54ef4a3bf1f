"""Scratch arrays for the kernels, one per thread and type, grown when a larger batch comes.

Training sessions that share a thread share them: their content does not outlive a call.
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
    """Space for the inputs, targets and row offsets of a batch of so many rows: 3 * rows + 1."""
    space: npt.NDArray[np.int64] = _at_least(3 * rows + 1, np.dtype(np.int64))
    return space


def _at_least(size: int, dtype: np.dtype[Any]) -> Any:
    held = getattr(_of_this_thread, dtype.name, None)
    if held is None or held.size < size:
        held = np.empty(size, dtype=dtype)
        setattr(_of_this_thread, dtype.name, held)
    return held
