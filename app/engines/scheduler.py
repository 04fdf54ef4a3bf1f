"""Whose turn it is: every learning session gets the same share of time, whatever its size."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

TIME_SLICE = 0.03
"""Seconds of a turn: long beside the cost of changing over, short for somebody who waits."""
MIN_GRANULARITY = 0.007
"""Below this the change-over between sessions would begin to cost."""
TARGET_LATENCY = 0.25
"""Seconds within which everybody should have had a turn: with many sessions, turns get shorter."""


@dataclass(eq=False)
class _Task:
    """Where a session is: held by a thread, called, in line, or resting (none of them)."""

    session_id: str
    vruntime: float = 0.0  # seconds of turns so far, on the scale of the others in line
    leased: bool = False
    priority: bool = False
    ticket: int | None = None  # of its place in line; older tickets do not count


class Lease(NamedTuple):
    """The right to use a session until it is given back.

    Attributes:
        session_id: whose turn it is.
        called: it was called for, to carry out commands; otherwise it stood in line to learn.
        seconds: how long it may learn.
        place: where the session is kept.
    """

    session_id: str
    priority: bool
    seconds: float
    task: _Task


class Scheduler:
    """Hands out sessions to threads, each to one at a time; safe to use from any thread.

    The session in line that has used the least time is next. One that was resting comes back as if
    it had used as much as the least: nobody saves up time. Called sessions come before the line, so
    that commands are carried out at once however many are learning.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._condition = threading.Condition()
        self._tasks: dict[str, _Task] = {}
        self._woken: deque[_Task] = deque()
        self._run_queue: list[tuple[float, int, _Task]] = []  # heap of (used, ticket, place)
        self._tickets = itertools.count()
        self._runnable = 0  # how many places hold a ticket
        self._min_vruntime = 0.0
        self._training_paused = False
        self._closed = False

    def wake(self, session_id: str) -> None:
        """Have the session's next turn come before everybody in line."""
        with self._condition:
            task = self._tasks.setdefault(session_id, _Task(session_id))
            if task.priority:
                return
            task.priority = True
            if not task.leased:
                self._woken.append(task)
                self._condition.notify()

    def remove(self, session_id: str) -> None:
        """Forget the session; a thread that holds it may still give it back."""
        with self._condition:
            task = self._tasks.pop(session_id, None)
            if task is not None:
                self._dequeue(task)

    def acquire(self) -> Lease | None:
        """Wait for the next turn; None once the turns are closed."""
        with self._condition:
            while not self._closed:
                task = self._pop_next()
                if task is not None:
                    return self._lease(task)
                self._condition.wait()
            return None

    def release(self, lease: Lease, used: float, learning: bool) -> None:
        """End a turn that took so long; `learning` stands in line again."""
        with self._condition:
            task = lease.task
            if not self._is_current(task):
                return
            task.leased = False
            task.vruntime += used
            if learning:
                self._enqueue(task)
            if task.priority:
                self._woken.append(task)
            if learning or task.priority:
                self._condition.notify()

    def pause_training(self) -> None:
        """Nobody learns any more; who is called still has a turn."""
        with self._condition:
            self._training_paused = True

    def close(self) -> None:
        """Send every thread that waits, or will, away."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

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
        task.leased, task.priority = True, False
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
