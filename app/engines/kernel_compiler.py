"""Compiles kernels on a background thread."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable

from model import KernelKey, compile_beam_search, compile_kernels

log = logging.getLogger(__name__)


class Compiler:
    """Compiles the kernels of a cell type on a background thread, once for all sessions.

    Beam search is compiled last, because training does not need it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[KernelKey, list[Callable[[], None]]] = {}
        self._failed: set[KernelKey] = set()

    def prepare(self, needed: KernelKey, then: Callable[[], None] | None = None) -> None:
        """Compile the kernels, and call `then` on another thread when that has ended."""
        with self._lock:
            begun = needed in self._waiting
            self._waiting.setdefault(needed, []).extend([then] if then else [])
        if not begun:
            # A daemon thread, so that the process can exit during compilation.
            threading.Thread(
                target=self._prepare, args=(needed,), name=f"compile-{needed.cell}", daemon=True
            ).start()

    def failed(self, needed: KernelKey) -> bool:
        """Whether these kernels could not be compiled."""
        return needed in self._failed

    def _prepare(self, needed: KernelKey) -> None:
        try:
            compile_kernels(*needed)
        except Exception:
            log.exception("the kernels for %s could not be compiled", needed)
            self._failed.add(needed)
        _freeze_compiler_objects()
        with self._lock:
            waiting = self._waiting.pop(needed)
        for then in waiting:
            then()
        if not self.failed(needed):
            _compile_beam_search(needed.cell)


def _compile_beam_search(cell: str) -> None:
    try:
        compile_beam_search(cell)
    except Exception:
        log.exception("beam search for %s could not be compiled", cell)
    _freeze_compiler_objects()


def _freeze_compiler_objects() -> None:
    # The compiler leaves 200,000 permanent objects. Each full garbage collection would scan them,
    # which would block all threads for a tenth of a second.
    gc.freeze()
