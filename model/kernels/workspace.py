"""Scratch arrays for the kernels, one per thread and type, which grow on demand.

The content is undefined between calls: networks that train on one thread share the arrays.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64
"""Bytes: vectors that begin with a line are read and written faster than those across two."""

_of_this_thread = threading.local()


def scratch(size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A flat array of at least `size` numbers; its content is undefined."""
    name = np.dtype(dtype).name
    held: npt.NDArray[Any] | None = getattr(_of_this_thread, name, None)
    if held is None or held.size < size:
        whole = np.empty(size * np.dtype(dtype).itemsize + CACHE_LINE, np.uint8)
        start = -whole.ctypes.data % CACHE_LINE
        held = whole[start : start + size * np.dtype(dtype).itemsize].view(dtype)
        setattr(_of_this_thread, name, held)
    return held


def batch_scratch(rows: int) -> npt.NDArray[np.int64]:
    """Scratch space for `pack_batch`: 4 * rows + 1 numbers."""
    return scratch(4 * rows + 1, np.int64)
