"""Which node trains which session."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

ARRIVING = 30.0
"""Seconds that a session may be on its way to its node, which does not count it yet."""


@dataclass
class _Node:
    threads: int
    taking: bool = True
    sessions: dict[str, float] = field(default_factory=dict)  # when each was placed

    @property
    def load(self) -> float:
        return len(self.sessions) / self.threads


class Placement:
    """Places sessions where there is the least to do: a session stays where it is."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._places: dict[str, str] = {}

    @property
    def nodes(self) -> list[str]:
        """Every node, whether or not it takes sessions."""
        return list(self._nodes)

    def add(self, node: str, threads: int, session_ids: Collection[str] = ()) -> None:
        """A node takes sessions from now on; it may have some already."""
        now = time.monotonic()
        self._nodes[node] = _Node(threads)
        for session_id in session_ids:
            self._put(session_id, node, now)

    def retire(self, node: str) -> None:
        """A node takes no more sessions."""
        if node in self._nodes:
            self._nodes[node].taking = False

    def take_again(self, node: str) -> None:
        """A node takes sessions after all."""
        if node in self._nodes:
            self._nodes[node].taking = True

    def remove(self, node: str) -> list[str]:
        """A node is gone; the sessions that were there, which have no place now."""
        gone = self._nodes.pop(node, None)
        orphaned = list(gone.sessions) if gone else []
        for session_id in orphaned:
            del self._places[session_id]
        return orphaned

    def place(self, session_id: str) -> str | None:
        """Where a session is, or is from now on; None where no node takes any."""
        if session_id in self._places:
            return self._places[session_id]
        taking = [name for name, node in self._nodes.items() if node.taking]
        if not taking:
            return None
        least = min(taking, key=lambda name: self._nodes[name].load)
        self._put(session_id, least, time.monotonic())
        return least

    def where(self, session_id: str) -> str | None:
        """Where a session is; None where it is nowhere."""
        return self._places.get(session_id)

    def forget(self, session_id: str) -> None:
        """A session is not there any more."""
        node = self._places.pop(session_id, None)
        if node is not None:
            del self._nodes[node].sessions[session_id]

    def correct(self, node: str, session_ids: Collection[str]) -> None:
        """What a node has told it holds; others that are not on their way rest in the store."""
        if node not in self._nodes:
            return
        now = time.monotonic()
        there = frozenset(session_ids)
        placed = self._nodes[node].sessions
        for session_id in [
            each for each, at in placed.items() if each not in there and now - at > ARRIVING
        ]:
            self.forget(session_id)
        for session_id in there - self._places.keys():
            self._put(session_id, node, now)

    def count(self, node: str) -> int:
        """How many sessions a node has."""
        return len(self._nodes[node].sessions)

    def _put(self, session_id: str, node: str, now: float) -> None:
        self.forget(session_id)
        self._nodes[node].sessions[session_id] = now
        self._places[session_id] = node
