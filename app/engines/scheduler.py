"""Whose turn it is: every learning session gets the same share of time, whatever its size."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

SLICE = 0.03
"""Seconds of a turn: long beside the cost of changing over, short for somebody who waits."""
SHORTEST_SLICE = 0.007
"""Below this the change-over between sessions would begin to cost."""
ROUND = 0.25
"""Seconds within which everybody should have had a turn: with many sessions, turns get shorter."""


@dataclass(eq=False)
class _Place:
    """Where a session is: held by a thread, called, in line, or resting (none of them)."""

    session_id: str
    used: float = 0.0  # seconds of turns so far, on the scale of the others in line
    held: bool = False
    called: bool = False
    ticket: int | None = None  # of its place in line; older tickets do not count


class Turn(NamedTuple):
    """The right to use a session until it is given back.

    Attributes:
        session_id: whose turn it is.
        called: it was called for, to carry out commands; otherwise it stood in line to learn.
        seconds: how long it may learn.
        place: where the session is kept.
    """

    session_id: str
    called: bool
    seconds: float
    place: _Place


class Turns:
    """Hands out sessions to threads, each to one at a time; safe to use from any thread.

    The session in line that has used the least time is next. One that was resting comes back as if
    it had used as much as the least: nobody saves up time. Called sessions come before the line, so
    that commands are carried out at once however many are learning.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._changed = threading.Condition()
        self._places: dict[str, _Place] = {}
        self._called: deque[_Place] = deque()
        self._line: list[tuple[float, int, _Place]] = []  # heap of (used, ticket, place)
        self._tickets = itertools.count()
        self._learning = 0  # how many places hold a ticket
        self._least_used = 0.0
        self._held = False
        self._closed = False

    def call(self, session_id: str) -> None:
        """Have the session's next turn come before everybody in line."""
        with self._changed:
            place = self._places.setdefault(session_id, _Place(session_id))
            if place.called:
                return
            place.called = True
            if not place.held:
                self._called.append(place)
                self._changed.notify()

    def remove(self, session_id: str) -> None:
        """Forget the session; a thread that holds it may still give it back."""
        with self._changed:
            place = self._places.pop(session_id, None)
            if place is not None:
                self._leave_line(place)

    def take(self) -> Turn | None:
        """Wait for the next turn; None once the turns are closed."""
        with self._changed:
            while not self._closed:
                place = self._next()
                if place is not None:
                    return self._hand_out(place)
                self._changed.wait()
            return None

    def give_back(self, turn: Turn, used: float, learning: bool) -> None:
        """End a turn that took so long; `learning` stands in line again."""
        with self._changed:
            place = turn.place
            if not self._is_here(place):
                return
            place.held = False
            place.used += used
            if learning:
                self._join_line(place)
            if place.called:
                self._called.append(place)
            if learning or place.called:
                self._changed.notify()

    def hold(self) -> None:
        """Nobody learns any more; who is called still has a turn."""
        with self._changed:
            self._held = True

    def close(self) -> None:
        """Send every thread that waits, or will, away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _next(self) -> _Place | None:
        while self._called:
            place = self._called.popleft()
            if self._is_here(place):
                return place
        while self._line and not self._held:
            used, ticket, place = heapq.heappop(self._line)
            if place.ticket == ticket:
                self._least_used = max(self._least_used, used)
                return place
        return None

    def _hand_out(self, place: _Place) -> Turn:
        turn = Turn(place.session_id, place.called, self._slice(), place)
        self._leave_line(place)
        place.held, place.called = True, False
        return turn

    def _slice(self) -> float:
        fair = ROUND * self._threads / max(self._learning, 1)
        return max(SHORTEST_SLICE, min(SLICE, fair))

    def _join_line(self, place: _Place) -> None:
        place.used = max(place.used, self._least_used)
        place.ticket = next(self._tickets)
        self._learning += 1
        heapq.heappush(self._line, (place.used, place.ticket, place))

    def _leave_line(self, place: _Place) -> None:
        if place.ticket is not None:
            place.ticket = None
            self._learning -= 1

    def _is_here(self, place: _Place) -> bool:
        return self._places.get(place.session_id) is place
