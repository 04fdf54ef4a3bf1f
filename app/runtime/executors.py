"""Thread pools with a bounded queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from app.errors import BusyError
from app.runtime.futures import failed

T = TypeVar("T")


class BoundedExecutor:
    """A thread pool with at most `pending` running and queued calls.

    Further calls fail with a `BusyError` of the code `full`; after closing, of the code `closed`.
    A cancelled call counts until its turn, because its arguments stay in memory.
    """

    def __init__(
        self, name: str, threads: int, pending: int, full: str, closed: str, field: str = ""
    ) -> None:
        self.closed = False
        self._pool = ThreadPoolExecutor(threads, name)
        self._slots = threading.BoundedSemaphore(pending)
        self._full = partial(BusyError, full, field or None, limit=pending)
        self._stopped = partial(BusyError, closed, field or None)

    def submit(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Queue a call; returns its future."""
        if not self._slots.acquire(blocking=False):
            return failed(self._full())
        future: Future[T] = Future()
        try:
            self._pool.submit(self._run, future, function, *arguments)
        except RuntimeError:  # closed
            self._slots.release()
            return failed(self._stopped())
        return future

    def close(self) -> None:
        """Fail queued and future calls; running calls finish."""
        self.closed = True
        self._pool.shutdown(wait=False)

    def _run(self, future: Future[T], function: Callable[..., T], *arguments: object) -> None:
        try:
            if not future.set_running_or_notify_cancel():
                return
            if self.closed:
                future.set_exception(self._stopped())
            else:
                future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001  (raised again in the caller)
            future.set_exception(error)
            del future, arguments  # the error refers to this frame by its traceback
        finally:
            self._slots.release()
