"""Fair scheduler: equal CPU time for every training session."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

TIME_SLICE = 0.03
"""Seconds of a lease: long compared with the cost of switching, short for a waiting command."""
MIN_GRANULARITY = 0.007
"""Shortest time slice, in seconds: below it, switching between sessions becomes expensive."""
TARGET_LATENCY = 0.25
"""Seconds in which every session should run once: with many sessions, slices get shorter."""
MAX_CREDIT = 0.25
"""Seconds by which the commands of a session may exceed its share before they wait their turn."""


@dataclass(eq=False)
class _Task:
    """A session as the scheduler sees it: leased, woken, runnable, or asleep."""

    session_id: str
    vruntime: float = 0.0  # seconds used, relative to the other runnable tasks
    leased: bool = False
    priority: bool = False
    scheduled: bool = False  # while it was leased
    ticket: int | None = None  # of its newest entry in the run queue


class Lease(NamedTuple):
    """The exclusive right to use a session until it is released.

    Attributes:
        session_id: the leased session.
        priority: whether it was woken to run commands; otherwise it is its turn.
        seconds: its time slice.
        task: the scheduler's record of the session.
    """

    session_id: str
    priority: bool
    seconds: float
    task: _Task


class Scheduler:
    """Leases sessions to threads, each to one thread at a time; thread-safe.

    The runnable task with the least vruntime is next. A woken task starts at min_vruntime, so idle
    time earns no credit. Woken tasks run first, so that commands are not delayed by training. All
    that a session uses is charged to it, whatever it was for.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._condition = threading.Condition()
        self._tasks: dict[str, _Task] = {}
        self._woken: deque[_Task] = deque()
        self._run_queue: list[tuple[float, int, _Task]] = []  # heap of (vruntime, ticket, task)
        self._tickets = itertools.count()
        self._runnable = 0  # number of tasks in the run queue
        self._min_vruntime = 0.0
        self._training_paused = False
        self._closed = False

    def wake(self, session_id: str, max_debt: float = math.inf) -> None:
        """Schedule the session before all tasks in the run queue.

        If it has used more than `max_debt` seconds beyond its share, it is scheduled as one of
        them instead.
        """
        with self._condition:
            task = self._tasks.setdefault(session_id, _Task(session_id))
            if task.priority:
                return
            if task.vruntime - self._min_vruntime > max_debt:
                self._schedule(task)
                return
            task.priority = True
            if not task.leased:
                self._woken.append(task)
                self._condition.notify()

    def schedule(self, session_id: str) -> None:
        """Add the session to the run queue, if it is not there."""
        with self._condition:
            self._schedule(self._tasks.setdefault(session_id, _Task(session_id)))

    def charge(self, session_id: str, used: float) -> None:
        """Charge the session for `used` seconds that it took outside of its leases."""
        with self._condition:
            task = self._tasks.get(session_id)
            if task is None:
                return
            task.vruntime += used
            if task.ticket is not None:
                self._dequeue(task)
                self._enqueue(task)

    def remove(self, session_id: str) -> None:
        """Remove the session; a thread that leases it may still release it."""
        with self._condition:
            task = self._tasks.pop(session_id, None)
            if task is not None:
                self._dequeue(task)

    def acquire(self) -> Lease | None:
        """Wait for the next lease; None once the scheduler is closed."""
        with self._condition:
            while not self._closed:
                task = self._pop_next()
                if task is not None:
                    return self._lease(task)
                self._condition.wait()
            return None

    def release(self, lease: Lease, used: float, runnable: bool) -> None:
        """End a lease after `used` seconds; if `runnable`, the task is in the run queue again."""
        with self._condition:
            task = lease.task
            if not self._is_current(task):
                return
            task.leased = False
            task.vruntime += used
            if runnable or task.scheduled:
                self._schedule(task)
            if task.priority:
                self._woken.append(task)
                self._condition.notify()

    def pause_training(self) -> None:
        """Lease only woken sessions from now on."""
        with self._condition:
            self._training_paused = True

    def close(self) -> None:
        """Make every current and future `acquire` return None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _schedule(self, task: _Task) -> None:
        if task.leased:
            task.scheduled = True
        elif task.ticket is None:
            self._enqueue(task)
            self._condition.notify()

    def _pop_next(self) -> _Task | None:
        while self._woken:
            task = self._woken.popleft()
            if self._is_current(task):
                return task
        while self._run_queue and not self._training_paused:
            vruntime, ticket, task = heapq.heappop(self._run_queue)
            if task.ticket == ticket:
                self._min_vruntime = max(self._min_vruntime, vruntime)
                return task
        return None

    def _lease(self, task: _Task) -> Lease:
        lease = Lease(task.session_id, task.priority, self._time_slice(), task)
        self._dequeue(task)
        task.leased, task.priority, task.scheduled = True, False, False
        return lease

    def _time_slice(self) -> float:
        fair = TARGET_LATENCY * self._threads / max(self._runnable, 1)
        return max(MIN_GRANULARITY, min(TIME_SLICE, fair))

    def _enqueue(self, task: _Task) -> None:
        task.vruntime = max(task.vruntime, self._min_vruntime)
        task.ticket = next(self._tickets)
        self._runnable += 1
        heapq.heappush(self._run_queue, (task.vruntime, task.ticket, task))

    def _dequeue(self, task: _Task) -> None:
        if task.ticket is not None:
            task.ticket = None
            self._runnable -= 1

    def _is_current(self, task: _Task) -> bool:
        return self._tasks.get(task.session_id) is task
