"""Which sessions somebody looks at, as far as each web process has told."""

from __future__ import annotations

from collections.abc import Collection

SILENCE = 5.0
"""Seconds after which a web process that says nothing counts as gone, and its pages with it."""


class Audience:
    """Sessions with somebody who looks; a web process that is gone looks at none."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # when each web process was last heard of
        self._watched: dict[str, frozenset[str]] = {}

    def watches(self, web: str, session_id: str, *, watched: bool, now: float) -> bool:
        """A web process' pages look at a session, or no more; whether anybody does."""
        one = frozenset([session_id])
        before = self._watched.get(web, frozenset())
        self._note(web, before | one if watched else before - one, now)
        return any(session_id in each for each in self._watched.values())

    def tell(self, web: str, session_ids: Collection[str], now: float) -> dict[str, bool]:
        """All that a web process' pages look at; for whom that makes a difference, and which."""
        before = self._everybody
        self._note(web, frozenset(session_ids), now)
        return self._difference(before)

    def forget_the_silent(self, now: float) -> dict[str, bool]:
        """For whom it makes a difference that a web process is gone."""
        before = self._everybody
        for web in [web for web, at in self._seen.items() if now - at > SILENCE]:
            del self._seen[web]
            self._watched.pop(web, None)
        return self._difference(before)

    @property
    def _everybody(self) -> frozenset[str]:
        return frozenset().union(*self._watched.values())

    def _difference(self, before: frozenset[str]) -> dict[str, bool]:
        now = self._everybody
        return {session_id: session_id in now for session_id in before ^ now}

    def _note(self, web: str, session_ids: frozenset[str], now: float) -> None:
        self._seen[web] = now
        self._watched[web] = session_ids
