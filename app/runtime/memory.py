"""Gives memory back to the operating system, which glibc's allocator otherwise holds on to."""

from __future__ import annotations

import ctypes
import threading
from typing import Any

from model.kernels import workspace

RELEASE_SECONDS = 10.0
"""Seconds between two releases, and after which scratch space counts as unused."""

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
"""Parameters of `mallopt`, by glibc's malloc.h."""
MAX_ARENAS = 4
"""Heaps that threads share: each holds on to what its threads have freed."""
MMAP_BYTES = 1_000_000
"""From this size on, an allocation is a mapping of its own, which returns as soon as it is freed.
glibc would raise it to the largest size that was ever freed, up to 32 MB."""


def _load_libc() -> Any:
    try:
        return ctypes.CDLL(None)
    except TypeError:  # on Windows
        return None


_libc = _load_libc()


def limit_arenas() -> None:
    """Let malloc use few arenas and map large arrays; without effect where it is not glibc's."""
    if hasattr(_libc, "mallopt") and hasattr(_libc, "malloc_trim"):
        _libc.mallopt(M_ARENA_MAX, MAX_ARENAS)
        _libc.mallopt(M_MMAP_THRESHOLD, MMAP_BYTES)


def release() -> None:
    """Release scratch space that has not been needed of late, and free pages of malloc."""
    workspace.release_unused(RELEASE_SECONDS)
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


class MemoryReleaser:
    """Releases unused memory every few seconds, on a thread of its own."""

    def __init__(self) -> None:
        limit_arenas()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(RELEASE_SECONDS):
            release()
