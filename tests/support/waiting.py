"""Waiting for other threads and processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Timeout of a test in seconds, long enough for a busy machine."""
LOOK = 0.002


def wait_for(what: Callable[[], T]) -> T:
    """Wait until something is true, and return it.

    Raises:
        AssertionError: it did not come true.
    """
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, "it did not come true"
        time.sleep(LOOK)
    return found
