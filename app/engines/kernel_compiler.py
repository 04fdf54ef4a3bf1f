"""Compiles kernels on a thread of its own, so that training sessions do not wait."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable

from model import KernelKey, compile_beam_search, compile_kernels

log = logging.getLogger(__name__)


class Compiler:
    """Prepares the kernels of a kind of network on a thread of its own, once for all who wait.

    Beam search is compiled last, because training does not need it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[KernelKey, list[Callable[[], None]]] = {}
        self._failed: set[KernelKey] = set()

    def prepare(self, needed: KernelKey, then: Callable[[], None] | None = None) -> None:
        """Have the kernels prepared, and call `then` from another thread when that has ended."""
        with self._lock:
            begun = needed in self._waiting
            self._waiting.setdefault(needed, []).extend([then] if then else [])
        if not begun:
            # A daemon: a process that is asked to stop need not wait for the compiler.
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
        _keep_what_was_compiled()
        with self._lock:
            waiting = self._waiting.pop(needed)
        for then in waiting:
            then()
        if not self.failed(needed):
            _go_on_with_beam_search(needed.cell)


def _go_on_with_beam_search(kind: str) -> None:
    try:
        compile_beam_search(kind)
    except Exception:
        log.exception("beam search for %s could not be compiled", kind)
    _keep_what_was_compiled()


def _keep_what_was_compiled() -> None:
    # The compiler and its libraries leave 200,000 objects that stay for good. To look through
    # them for garbage, again and again, would hold up everybody for a tenth of a second.
    gc.freeze()
