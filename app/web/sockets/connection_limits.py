"""Who may open a page, and how much each page may ask."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from app.errors import LimitExceeded
from app.protocol.limits import Limits

BURST_SECONDS = 2.0
"""A page that has been quiet may send the events of so many seconds at once."""

MOST_ADDRESSES = 1000
"""That are remembered before those with nothing here any more are forgotten."""


class TokenBucket:
    """Fills evenly; what is asked takes one out, and there must be one."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._size = max(1.0, rate * BURST_SECONDS)
        self._level = self._size
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Whether there was one to take."""
        self._level = min(self._size, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


@dataclass(frozen=True)
class _Page:
    session_id: str
    bucket: TokenBucket


class Admission:
    """Counts the pages of sessions, the sessions of addresses and the events of pages."""

    def __init__(self, limits: Limits, is_in_memory: Callable[[str], bool]) -> None:
        self._limits = limits
        self._is_in_memory = is_in_memory
        self._lock = threading.Lock()
        self._pages: dict[str, _Page] = {}
        self._pages_of: defaultdict[str, set[str]] = defaultdict(set)  # names, by session
        self._sessions_of: defaultdict[str, set[str]] = defaultdict(set)  # ids, by address

    def enter(self, page: str, session_id: str, address: str) -> None:
        """A page wants to open.

        Raises:
            LimitExceeded: a limit is reached.
        """
        place = network_of(address)
        with self._lock:
            self._forget_the_gone(place)
            if len(self._pages_of.get(session_id, ())) >= self._limits.pages_per_session:
                raise LimitExceeded("pages_per_session", limit=self._limits.pages_per_session)
            sessions = self._sessions_of.get(place, set())
            if (
                session_id not in sessions
                and len(sessions) >= self._limits.sessions_per_address
                and not self._is_in_memory(session_id)
            ):
                raise LimitExceeded("sessions_per_address", limit=self._limits.sessions_per_address)
            self._pages[page] = _Page(
                session_id, TokenBucket(self._limits.events_per_second, time.monotonic())
            )
            self._pages_of[session_id].add(page)
            self._sessions_of[place].add(session_id)

    def leave(self, page: str) -> None:
        """A page is gone."""
        with self._lock:
            left = self._pages.pop(page, None)
            if left is None:
                return
            others = self._pages_of[left.session_id]
            others.discard(page)
            if not others:
                del self._pages_of[left.session_id]

    def ask(self, page: str) -> None:
        """A page asks for something.

        Raises:
            LimitExceeded: it asks too often.
        """
        with self._lock:
            asking = self._pages.get(page)
            if asking is None or asking.bucket.take(time.monotonic()):
                return
        raise LimitExceeded("events_per_second", limit=self._limits.events_per_second)

    def _forget_the_gone(self, newcomer: str) -> None:
        """Sessions that rest in the store and that nobody looks at count for nobody.

        Not before it matters: a session that has only just begun has no snapshot either.
        """
        places = [newcomer] if newcomer in self._sessions_of else []
        if len(self._sessions_of) > MOST_ADDRESSES:
            places = list(self._sessions_of)
        elif len(self._sessions_of.get(newcomer, ())) < self._limits.sessions_per_address:
            return
        for place in places:
            sessions = self._sessions_of[place]
            gone = [each for each in sessions if not self._counts(each)]
            sessions.difference_update(gone)
            if not sessions:
                del self._sessions_of[place]

    def _counts(self, session_id: str) -> bool:
        return session_id in self._pages_of or self._is_in_memory(session_id)


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the first half, all of which belongs to one customer."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))
    return str(known)
