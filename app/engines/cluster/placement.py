"""Which node trains which session."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

ARRIVAL_SECONDS = 30.0
"""How long a session may take to arrive at its node, which does not report it yet."""


@dataclass
class _Node:
    threads: int
    accepting: bool = True
    sessions: dict[str, float] = field(
        default_factory=dict
    )  # monotonic time at which each was placed

    @property
    def load(self) -> float:
        return len(self.sessions) / self.threads


class Placement:
    """Places new sessions at the node with the least load per thread."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._places: dict[str, str] = {}

    @property
    def nodes(self) -> list[str]:
        """All nodes, also those that accept no sessions."""
        return list(self._nodes)

    def add(self, node: str, threads: int, session_ids: Collection[str] = ()) -> None:
        """Add a node, with the sessions that it already has."""
        now = time.monotonic()
        self._nodes[node] = _Node(threads)
        for session_id in session_ids:
            self._put(session_id, node, now)

    def stop_placing(self, node: str) -> None:
        """Place no more sessions at a node."""
        if node in self._nodes:
            self._nodes[node].accepting = False

    def resume_placing(self, node: str) -> None:
        """Place sessions at a node again."""
        if node in self._nodes:
            self._nodes[node].accepting = True

    def remove(self, node: str) -> list[str]:
        """Remove a node; returns the sessions that it had."""
        gone = self._nodes.pop(node, None)
        orphaned = list(gone.sessions) if gone else []
        for session_id in orphaned:
            del self._places[session_id]
        return orphaned

    def place(self, session_id: str) -> str | None:
        """The node of a session; a new session is placed. None if no node accepts sessions."""
        if session_id in self._places:
            return self._places[session_id]
        accepting = [name for name, node in self._nodes.items() if node.accepting]
        if not accepting:
            return None
        least = min(accepting, key=lambda name: self._nodes[name].load)
        self._put(session_id, least, time.monotonic())
        return least

    def node_of(self, session_id: str) -> str | None:
        """The node of a session; None if it has none."""
        return self._places.get(session_id)

    def forget(self, session_id: str) -> None:
        """Remove a session."""
        node = self._places.pop(session_id, None)
        if node is not None:
            del self._nodes[node].sessions[session_id]

    def reconcile(self, node: str, session_ids: Collection[str]) -> None:
        """Adopt what a node reports. A session that it should have by now and lacks was evicted."""
        if node not in self._nodes:
            return
        now = time.monotonic()
        reported = frozenset(session_ids)
        placed = self._nodes[node].sessions
        for session_id in [
            each
            for each, at in placed.items()
            if each not in reported and now - at > ARRIVAL_SECONDS
        ]:
            self.forget(session_id)
        for session_id in reported - self._places.keys():
            self._put(session_id, node, now)

    def count(self, node: str) -> int:
        """The number of sessions at a node."""
        return len(self._nodes[node].sessions)

    def _put(self, session_id: str, node: str, now: float) -> None:
        self.forget(session_id)
        self._nodes[node].sessions[session_id] = now
        self._places[session_id] = node
