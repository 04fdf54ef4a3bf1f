"""Compiles kernels in the background."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable

from app.runtime.compile_process import compile_missing
from model import (
    KernelKey,
    compile_beam_search,
    compile_inference,
    compile_training,
    kernels_cached,
)

log = logging.getLogger(__name__)


class Compiler:
    """Compiles the kernels of a cell type in the background, once for all sessions.

    Those for training come first, then those for sampling and evaluation. Beam search is compiled
    last, because sessions do not need it.

    Args:
        on_ready: called on another thread with the id of each waiting session, after each of the
            first two or when they have failed.
    """

    def __init__(self, on_ready: Callable[[str], None]) -> None:
        self._on_ready = on_ready
        self._lock = threading.Lock()
        self._waiting: dict[KernelKey, set[str]] = {}
        self._failed: set[KernelKey] = set()

    def prepare(self, needed: KernelKey, *session_ids: str) -> None:
        """Compile the kernels, for these sessions."""
        with self._lock:
            begun = needed in self._waiting
            self._waiting.setdefault(needed, set()).update(session_ids)
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
            if kernels_cached("inference", needed.cell):
                compile_inference(needed.cell)  # first: it is fast, and shows a network as loaded
            compile_missing("training", *needed)
            compile_training(*needed)
            self._notify(needed)
            compile_missing("inference", needed.cell)
            compile_inference(needed.cell)
        except Exception:
            log.exception("the kernels for %s could not be compiled", needed)
            self._failed.add(needed)
        _freeze_compiler_objects()
        with self._lock:
            waiting = self._waiting.pop(needed)
        for session_id in waiting:
            self._on_ready(session_id)
        if not self.failed(needed):
            _compile_beam_search(needed.cell)

    def _notify(self, needed: KernelKey) -> None:
        with self._lock:
            waiting = list(self._waiting[needed])
        for session_id in waiting:
            self._on_ready(session_id)


def _compile_beam_search(cell: str) -> None:
    try:
        compile_missing("beam_search", cell)
        compile_beam_search(cell)
    except Exception:
        log.exception("beam search for %s could not be compiled", cell)
    _freeze_compiler_objects()


def _freeze_compiler_objects() -> None:
    # The compiler leaves 200,000 permanent objects. Each full garbage collection would scan them,
    # which would block all threads for a tenth of a second.
    gc.freeze()
