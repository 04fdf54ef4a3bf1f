"""Work space for the kernels, one array a thread and precision, grown when a longer sentence comes.

Training sessions that take turns on a thread share it: nothing in it outlives a call.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from model.layout import FloatArray, Layout

_of_this_thread = threading.local()


def for_rows(layout: Layout, rows: int, dtype: np.dtype[Any]) -> FloatArray:
    """A flat array large enough for a sentence of so many rows; what it holds is undefined."""
    needed = layout.work_size(rows)
    held: FloatArray | None = getattr(_of_this_thread, dtype.name, None)
    if held is None or held.size < needed:
        held = np.empty(needed, dtype=dtype)
        setattr(_of_this_thread, dtype.name, held)
    return held
