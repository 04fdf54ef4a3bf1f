"""Compiling the training kernels apart from the training, so that nobody else waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from model import prepare_kernels

log = logging.getLogger(__name__)


class Compiler:
    """Prepares the kernels of a kind of network on a thread of its own, once for all who wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Callable[[], None]]] = {}
        self._failed: set[str] = set()

    def prepare(self, kind: str, then: Callable[[], None] | None = None) -> None:
        """Have the kernels prepared, and call `then` from another thread when that has ended."""
        with self._lock:
            begun = kind in self._waiting
            self._waiting.setdefault(kind, []).extend([then] if then else [])
        if not begun:
            # A daemon: a process that is asked to stop need not wait for the compiler.
            threading.Thread(
                target=self._prepare, args=(kind,), name=f"compile-{kind}", daemon=True
            ).start()

    def failed(self, kind: str) -> bool:
        """Whether the kernels of this kind could not be compiled."""
        return kind in self._failed

    def _prepare(self, kind: str) -> None:
        try:
            prepare_kernels(kind)
        except Exception:
            log.exception("the kernels of kind %s could not be compiled", kind)
            self._failed.add(kind)
        with self._lock:
            waiting = self._waiting.pop(kind)
        for then in waiting:
            then()
