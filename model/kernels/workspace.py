"""Work space for the kernels, one array a thread and type, grown when a larger batch comes.

Training sessions that take turns on a thread share it: nothing in it outlives a call.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from model.network import FloatArray, Layout

_of_this_thread = threading.local()


def for_rows(layout: Layout, rows: int, dtype: np.dtype[Any], batch: int = 1) -> FloatArray:
    """A flat array for so many rows of a batch of so many sentences; its content is undefined."""
    space: FloatArray = _at_least(layout.work_size(rows, batch), dtype)
    return space


def for_batch_rows(rows: int) -> npt.NDArray[np.int64]:
    """Room for an input, a target and a step's beginning of so many rows, and one more."""
    space: npt.NDArray[np.int64] = _at_least(3 * rows + 1, np.dtype(np.int64))
    return space


def _at_least(size: int, dtype: np.dtype[Any]) -> Any:
    held = getattr(_of_this_thread, dtype.name, None)
    if held is None or held.size < size:
        held = np.empty(size, dtype=dtype)
        setattr(_of_this_thread, dtype.name, held)
    return held
