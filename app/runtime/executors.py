"""Thread pools: with a bounded queue, and of daemon threads."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NoReturn, TypeVar

from app.errors import BusyError
from app.runtime.futures import failed

T = TypeVar("T")


class BoundedExecutor:
    """A thread pool with at most `pending` running and queued calls.

    Further calls fail with a `BusyError` of the code `full`; after closing, of the code `closed`.
    A cancelled call counts until its turn, because its arguments stay in memory. Of the queued
    calls the one with the smallest cost runs first.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        pending: int,
        full: str,
        closed: str,
        field: str = "",
        per_owner: int | None = None,
    ) -> None:
        """Create the pool; one owner may have `per_owner` running and queued calls, if given."""
        self.closed = False
        self._pool = ThreadPoolExecutor(threads, name)
        self._lock = threading.Lock()
        self._limit, self._per_owner = pending, per_owner or pending
        self._pending: Counter[str] = Counter()  # running and queued calls, by owner
        self._queue: list[tuple[float, int, Callable[[], None]]] = []  # a heap
        self._numbers = itertools.count()
        self._full = partial(BusyError, full, field or None, limit=pending)
        self._stopped = partial(BusyError, closed, field or None)

    def submit(
        self, function: Callable[..., T], *arguments: object, owner: str = "", cost: float = 0.0
    ) -> Future[T]:
        """Queue a call; returns its future."""
        future: Future[T] = Future()
        with self._lock:
            if self._pending.total() >= self._limit or self._pending[owner] >= self._per_owner:
                return failed(self._full())
            try:
                self._pool.submit(self._run_next)
            except RuntimeError:  # closed
                return failed(self._stopped())
            self._pending[owner] += 1
            call: Callable[[], None] = partial(self._run, owner, future, function, *arguments)
            heapq.heappush(self._queue, (cost, next(self._numbers), call))
        return future

    def close(self) -> None:
        """Fail queued and future calls; running calls finish."""
        self.closed = True
        self._pool.shutdown(wait=False)

    def _run_next(self) -> None:
        with self._lock:
            _, _, call = heapq.heappop(self._queue)
        call()

    def _run(
        self, owner: str, future: Future[T], function: Callable[..., T], *arguments: object
    ) -> None:
        try:
            _complete(future, self._refuse if self.closed else function, *arguments)
        finally:
            with self._lock:
                self._pending[owner] -= 1
                if not self._pending[owner]:
                    del self._pending[owner]

    def _refuse(self, *_arguments: object) -> NoReturn:
        raise self._stopped()


def charged(charge: Callable[[float], object], function: Callable[..., T], *arguments: object) -> T:
    """The result of a function; its processor time on this thread is charged, in seconds."""
    began = time.thread_time()
    try:
        return function(*arguments)
    finally:
        charge(time.thread_time() - began)


class DaemonExecutor:
    """Daemon threads that run calls in the order of submission.

    The process can exit while a call runs; it would wait for those of a `ThreadPoolExecutor`.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._closed = False
        for number in range(threads):
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Queue a call; returns its future."""
        future: Future[T] = Future()
        self._calls.put(lambda: _complete(future, function, *arguments))
        return future

    def close(self) -> None:
        """Drop queued calls; running calls finish."""
        self._closed = True
        self._calls.put(_do_nothing)  # wakes a thread

    def _work(self) -> None:
        while not self._closed:
            self._calls.get()()
        self._calls.put(_do_nothing)  # wakes the next thread


def _do_nothing() -> None:
    """Wake a thread."""


def _complete(future: Future[T], function: Callable[..., T], *arguments: object) -> None:
    """Complete a future with the outcome of a call."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*arguments)
    except BaseException as error:  # noqa: BLE001  (raised again in the caller)
        future.set_exception(error)
        del future, arguments  # the error refers to this frame by its traceback
    else:
        future.set_result(result)
