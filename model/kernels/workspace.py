"""Scratch arrays for the kernels, one per thread and type, which grow on demand.

The content is undefined between calls: networks that train on one thread share the arrays.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64
"""Bytes: vectors that begin with a line are read and written faster than those across two."""


class _Scratch:
    """An array, and when most of it was needed last, on the monotonic clock."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array
        self.needed_at = time.monotonic()


_held: dict[tuple[int, str], _Scratch] = {}  # by thread and type


def scratch(size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A flat array of at least `size` numbers; its content is undefined."""
    key = threading.get_ident(), np.dtype(dtype).name
    held = _held.get(key)
    if held is None or held.array.size < size:
        held = _held[key] = _Scratch(_aligned(size, np.dtype(dtype)))
    elif size > held.array.size // 2:
        held.needed_at = time.monotonic()
    return held.array


def release_unused(seconds: float) -> None:
    """Release the arrays of all threads of which half or less was needed for so many seconds.

    An array that a kernel uses at this moment is released when it returns.
    """
    before = time.monotonic() - seconds
    for key, held in list(_held.items()):
        if held.needed_at <= before:
            _held.pop(key, None)


def held_bytes() -> int:
    """The bytes of all scratch arrays."""
    return sum(held.array.nbytes for held in list(_held.values()))


def _aligned(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array of `size` numbers that begins with a cache line; its content is undefined."""
    whole = np.empty(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -whole.ctypes.data % CACHE_LINE
    array: npt.NDArray[Any] = whole[start : start + size * dtype.itemsize].view(dtype)
    return array
