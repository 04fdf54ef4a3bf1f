"""A node of a cluster: trains sessions for the web processes."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from app.engines.base import Engine
from app.errors import UserError
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.delta import SnapshotDelta, SnapshotVersion, make_delta

log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0
"""Between two attempts to save all sessions."""


@dataclass(frozen=True)
class Outcome:
    """The result of a command: an answer, or an error."""

    answer: Answer
    error: UserError | None = None


@dataclass(frozen=True)
class CommandResults:
    """The outcomes of a session's commands, and what changed in its snapshot."""

    outcomes: tuple[Outcome, ...]
    delta: SnapshotDelta | None


@dataclass(frozen=True)
class PollResult:
    """What changed at a node, and which sessions it no longer has."""

    deltas: Mapping[str, SnapshotDelta]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The process of a node, its sessions, and its number of weights."""

    pid: int
    session_ids: tuple[str, ...]
    weights: int


class TrainingNode:
    """Serves requests of web processes concurrently, on one thread that never blocks.

    While the node hands over its sessions, it answers None: the caller must ask the directory.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watchers = WatcherRegistry()
        self._leaving = False

    async def adopt(self, session_id: str, lost_at: float | None) -> Outcome | None:
        """Open a session: from memory, from the store, or new."""
        if self._leaving:
            return None
        return await _outcome(self._engine.adopt(session_id, lost_at))

    async def carry_out(
        self, web: str, session_id: str, commands: Sequence[Command], known: SnapshotVersion | None
    ) -> CommandResults | None:
        """Run commands of a session in order."""
        if self._leaving:
            return None
        asked = [self._submit(web, session_id, command) for command in commands]
        outcomes = [await _outcome(future) for future in asked]
        return CommandResults(tuple(outcomes), self._delta(session_id, known))

    async def poll(
        self, web: str, known: Mapping[str, SnapshotVersion | None], watched: frozenset[str]
    ) -> PollResult:
        """What changed in the sessions that a web process knows; its pages watch some of them."""
        self._watch(self._watchers.tell(web, watched, time.monotonic()))
        deltas: dict[str, SnapshotDelta] = {}
        for session_id, each in known.items():
            if (one := self._delta(session_id, each)) is not None:
                deltas[session_id] = one
        gone = (session_id for session_id in known if not self._engine.has_session(session_id))
        return PollResult(deltas, tuple(gone))

    async def report(self) -> Report:
        """What this node does. Sessions watched only by a vanished process become unwatched."""
        self._watch(self._watchers.expire(time.monotonic()))
        return Report(os.getpid(), tuple(self._engine.snapshots()), self._engine.weights)

    async def save_all(self) -> bool:
        """Pause training and save every session; whether all were saved."""
        self._leaving = True
        saving = self._engine.save_all()
        saved: bool = await asyncio.wrap_future(saving)
        return saved

    async def hand_over(self) -> None:
        """Save every session so that other nodes can take over, however long the store fails."""
        while not await self.save_all():
            await asyncio.sleep(RETRY_SECONDS)

    def _submit(self, web: str, session_id: str, command: Command) -> Future[Answer]:
        if isinstance(command, SetWatched):
            command = SetWatched(
                self._watchers.watches(
                    web, session_id, watched=command.watched, now=time.monotonic()
                )
            )
        return self._engine.submit(session_id, command)

    def _delta(self, session_id: str, known: SnapshotVersion | None) -> SnapshotDelta | None:
        snapshot = self._engine.snapshot(session_id)
        return make_delta(snapshot, known) if snapshot is not None else None

    def _watch(self, changed: Mapping[str, bool]) -> None:
        for session_id, watched in _in_memory(self._engine, changed):
            self._engine.submit(session_id, SetWatched(watched))


def _in_memory(engine: Engine, changed: Mapping[str, bool]) -> Iterable[tuple[str, bool]]:
    return [
        (session_id, on) for session_id, on in changed.items() if engine.has_session(session_id)
    ]


async def _outcome(future: Future[Answer]) -> Outcome:
    """The outcome of a future; errors are values, because Ray would wrap exceptions."""
    try:
        return Outcome(await asyncio.wrap_future(future))
    except UserError as error:
        return Outcome(None, error)
    except Exception:
        log.exception("a command failed")
        return Outcome(None, UserError("unexpected"))


SILENCE_SECONDS = 5.0
"""After which a silent web process counts as gone, and its pages with it."""


class WatcherRegistry:
    """Which web processes watch which sessions."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # when each web process last called
        self._watched: dict[str, frozenset[str]] = {}

    def watches(self, web: str, session_id: str, *, watched: bool, now: float) -> bool:
        """Note whether a web process watches a session; returns whether any process does."""
        one = frozenset([session_id])
        before = self._watched.get(web, frozenset())
        self._note(web, before | one if watched else before - one, now)
        return any(session_id in each for each in self._watched.values())

    def tell(self, web: str, session_ids: Collection[str], now: float) -> dict[str, bool]:
        """Note all sessions that a web process watches; returns those whose state changed."""
        before = self._watched_by_any
        self._note(web, frozenset(session_ids), now)
        return self._difference(before)

    def expire(self, now: float) -> dict[str, bool]:
        """Remove vanished web processes; returns the sessions whose state changed."""
        before = self._watched_by_any
        for web in [web for web, at in self._seen.items() if now - at > SILENCE_SECONDS]:
            del self._seen[web]
            self._watched.pop(web, None)
        return self._difference(before)

    @property
    def _watched_by_any(self) -> frozenset[str]:
        return frozenset().union(*self._watched.values())

    def _difference(self, before: frozenset[str]) -> dict[str, bool]:
        now = self._watched_by_any
        return {session_id: session_id in now for session_id in before ^ now}

    def _note(self, web: str, session_ids: frozenset[str], now: float) -> None:
        self._seen[web] = now
        self._watched[web] = session_ids
