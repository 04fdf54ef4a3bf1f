"""Limits on what a session, an address and a connection may do."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from app.errors import LimitExceeded
from app.protocol.limits import Limits
from app.runtime.peers import AddressRateLimiter, TokenBucket, network_of

MAX_ADDRESSES = 1000
"""Addresses to remember before those without sessions are dropped."""
NEW_SESSIONS_FACTOR = 4
"""Sessions that an address may open in an hour, over those that it may have at a time."""


@dataclass(frozen=True)
class _Connection:
    session_id: str
    network: str
    bucket: TokenBucket


class ConnectionLimiter:
    """Limits pages per session, sessions and shared copies per address, and events per page."""

    def __init__(self, limits: Limits, is_in_memory: Callable[[str], bool]) -> None:
        self._limits = limits
        self._is_in_memory = is_in_memory
        self._lock = threading.Lock()
        self._pages: dict[str, _Connection] = {}
        self._pages_of: defaultdict[str, set[str]] = defaultdict(set)  # names, by session
        self._sessions_of: defaultdict[str, set[str]] = defaultdict(set)  # ids, by address
        self._opened = AddressRateLimiter.hourly(NEW_SESSIONS_FACTOR * limits.sessions_per_address)
        self._shared = AddressRateLimiter.hourly(limits.shares_per_address)

    def register(self, page: str, session_id: str, address: str) -> None:
        """Add the connection of a page.

        Raises:
            LimitExceeded: a limit is reached.
        """
        network = network_of(address)
        with self._lock:
            self._drop_inactive(network)
            if len(self._pages_of.get(session_id, ())) >= self._limits.pages_per_session:
                raise LimitExceeded("pages_per_session", limit=self._limits.pages_per_session)
            self._check_session(session_id, network)
            self._pages[page] = _Connection(
                session_id, network, TokenBucket(self._limits.events_per_second, time.monotonic())
            )
            self._pages_of[session_id].add(page)
            self._sessions_of[network].add(session_id)

    def unregister(self, page: str) -> None:
        """Remove the connection of a page."""
        with self._lock:
            left = self._pages.pop(page, None)
            if left is None:
                return
            others = self._pages_of[left.session_id]
            others.discard(page)
            if not others:
                del self._pages_of[left.session_id]

    def check_rate(self, page: str) -> None:
        """Count an event of a page.

        Raises:
            LimitExceeded: the page sends too many.
        """
        with self._lock:
            connection = self._pages.get(page)
            if connection is None or connection.bucket.take(time.monotonic()):
                return
        raise LimitExceeded("events_per_second", limit=self._limits.events_per_second)

    def check_share(self, page: str) -> None:
        """Count a shared copy of a page's address.

        Raises:
            LimitExceeded: the address shares too many.
        """
        with self._lock:
            connection = self._pages.get(page)
            if connection is None or self._shared.take(connection.network, time.monotonic()):
                return
        raise LimitExceeded("shares_per_address", limit=self._limits.shares_per_address)

    def _check_session(self, session_id: str, network: str) -> None:
        """Check whether an address may open this session.

        Raises:
            LimitExceeded: it has too many, or opened too many in the last hour.
        """
        limit, sessions = self._limits.sessions_per_address, self._sessions_of.get(network, set())
        if session_id in sessions or self._is_in_memory(session_id):
            return
        if len(sessions) >= limit or not self._opened.take(network, time.monotonic()):
            raise LimitExceeded("sessions_per_address", limit=limit)

    def _drop_inactive(self, address: str) -> None:
        """Stop counting sessions that are not in memory and have no page.

        Done only when a limit is reached, because a new session is not in memory at first.
        """
        addresses = [address] if address in self._sessions_of else []
        if len(self._sessions_of) > MAX_ADDRESSES:
            addresses = list(self._sessions_of)
        elif len(self._sessions_of.get(address, ())) < self._limits.sessions_per_address:
            return
        for network in addresses:
            sessions = self._sessions_of[network]
            inactive = [each for each in sessions if not self._counts(each)]
            sessions.difference_update(inactive)
            if not sessions:
                del self._sessions_of[network]

    def _counts(self, session_id: str) -> bool:
        return session_id in self._pages_of or self._is_in_memory(session_id)
