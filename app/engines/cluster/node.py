"""A node: sessions that are trained for web processes elsewhere."""

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
"""Between two tries to save everything."""


@dataclass(frozen=True)
class Outcome:
    """What came of a command: an answer, or a refusal."""

    answer: Answer
    error: UserError | None = None


@dataclass(frozen=True)
class CarriedOut:
    """What came of a session's commands, and how it looks since."""

    outcomes: tuple[Outcome, ...]
    news: SnapshotDelta | None


@dataclass(frozen=True)
class Polled:
    """What is new at a node, and which sessions are not there any more."""

    news: Mapping[str, SnapshotDelta]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What a node has to do, and its process."""

    pid: int
    session_ids: tuple[str, ...]
    weights: int


class TrainingNode:
    """Answers web processes, many at once, on one thread that never waits.

    A question that cannot be answered because the node hands its sessions over is answered with
    None: the caller has to find out where they are.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watchers = WatcherRegistry()
        self._leaving = False

    async def adopt(self, session_id: str, lost_at: float | None) -> Outcome | None:
        """Have a session, as it is or as it was kept."""
        if self._leaving:
            return None
        return await _outcome(self._engine.adopt(session_id, lost_at))

    async def carry_out(
        self, web: str, session_id: str, commands: Sequence[Command], known: SnapshotVersion | None
    ) -> CarriedOut | None:
        """Carry out a session's commands, in their order."""
        if self._leaving:
            return None
        asked = [self._ask(web, session_id, command) for command in commands]
        outcomes = [await _outcome(future) for future in asked]
        return CarriedOut(tuple(outcomes), self._news(session_id, known))

    async def poll(
        self, web: str, known: Mapping[str, SnapshotVersion | None], watched: frozenset[str]
    ) -> Polled:
        """What is new of the sessions that a web process knows, some of which it has pages of."""
        self._watch(self._watchers.tell(web, watched, time.monotonic()))
        news: dict[str, SnapshotDelta] = {}
        for session_id, each in known.items():
            if (one := self._news(session_id, each)) is not None:
                news[session_id] = one
        gone = (session_id for session_id in known if not self._engine.has_session(session_id))
        return Polled(news, tuple(gone))

    async def report(self) -> Report:
        """What there is to do here; and let go of what only a process that is gone looked at."""
        self._watch(self._watchers.expire(time.monotonic()))
        return Report(os.getpid(), tuple(self._engine.snapshots()), self._engine.weights)

    async def save_all(self) -> bool:
        """Learn no more, and save every session; whether all could be."""
        self._leaving = True
        saving = self._engine.save_all()
        saved: bool = await asyncio.wrap_future(saving)
        return saved

    async def hand_over(self) -> None:
        """Save every session for another node to take it over, however long the store takes."""
        while not await self.save_all():
            await asyncio.sleep(RETRY_SECONDS)

    def _ask(self, web: str, session_id: str, command: Command) -> Future[Answer]:
        if isinstance(command, SetWatched):
            command = SetWatched(
                self._watchers.watches(
                    web, session_id, watched=command.watched, now=time.monotonic()
                )
            )
        return self._engine.submit(session_id, command)

    def _news(self, session_id: str, known: SnapshotVersion | None) -> SnapshotDelta | None:
        snapshot = self._engine.snapshot(session_id)
        return make_delta(snapshot, known) if snapshot is not None else None

    def _watch(self, changed: Mapping[str, bool]) -> None:
        for session_id, watched in _those_held(self._engine, changed):
            self._engine.submit(session_id, SetWatched(watched))


def _those_held(engine: Engine, changed: Mapping[str, bool]) -> Iterable[tuple[str, bool]]:
    return [
        (session_id, on) for session_id, on in changed.items() if engine.has_session(session_id)
    ]


async def _outcome(future: Future[Answer]) -> Outcome:
    """Whatever comes of it: an exception of ours would come through Ray as another."""
    try:
        return Outcome(await asyncio.wrap_future(future))
    except UserError as error:
        return Outcome(None, error)
    except Exception:
        log.exception("a command failed")
        return Outcome(None, UserError("unexpected"))


SILENCE = 5.0
"""Seconds after which a web process that says nothing counts as gone, and its pages with it."""


class WatcherRegistry:
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
        before = self._watched_by_any
        self._note(web, frozenset(session_ids), now)
        return self._difference(before)

    def expire(self, now: float) -> dict[str, bool]:
        """For whom it makes a difference that a web process is gone."""
        before = self._watched_by_any
        for web in [web for web, at in self._seen.items() if now - at > SILENCE]:
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
