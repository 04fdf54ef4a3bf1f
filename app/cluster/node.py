"""A node: sessions that are trained for web processes elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from app.cluster.audience import Audience
from app.cluster.news import Known, News, news_of
from app.commands import Answer, Command, Watch
from app.engine import Engine
from app.errors import UserError

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
    news: News | None


@dataclass(frozen=True)
class Polled:
    """What is new at a node, and which sessions are not there any more."""

    news: Mapping[str, News]
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
    None: whoever asks finds out where they are, and asks there.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._audience = Audience()
        self._leaving = False

    async def take_over(self, session_id: str, lost_at: float | None) -> Outcome | None:
        """Have a session, as it is or as it was kept."""
        if self._leaving:
            return None
        return await _outcome(self._engine.take_over(session_id, lost_at))

    async def carry_out(
        self, web: str, session_id: str, commands: Sequence[Command], known: Known | None
    ) -> CarriedOut | None:
        """Carry out a session's commands, in their order."""
        if self._leaving:
            return None
        asked = [self._ask(web, session_id, command) for command in commands]
        outcomes = [await _outcome(future) for future in asked]
        return CarriedOut(tuple(outcomes), self._news(session_id, known))

    async def poll(
        self, web: str, known: Mapping[str, Known | None], watched: frozenset[str]
    ) -> Polled:
        """What is new of the sessions that a web process knows, some of which it has pages of."""
        self._watch(self._audience.tell(web, watched, time.monotonic()))
        news: dict[str, News] = {}
        for session_id, each in known.items():
            if (one := self._news(session_id, each)) is not None:
                news[session_id] = one
        gone = (session_id for session_id in known if not self._engine.holds(session_id))
        return Polled(news, tuple(gone))

    async def drop(self, session_id: str) -> None:
        """Forget a session."""
        self._engine.drop(session_id)

    async def report(self) -> Report:
        """What there is to do here; and let go of what only a process that is gone looked at."""
        self._watch(self._audience.forget_the_silent(time.monotonic()))
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
        if isinstance(command, Watch):
            command = Watch(
                self._audience.watches(
                    web, session_id, watched=command.watched, now=time.monotonic()
                )
            )
        return self._engine.command(session_id, command)

    def _news(self, session_id: str, known: Known | None) -> News | None:
        snapshot = self._engine.snapshot(session_id)
        return news_of(snapshot, known) if snapshot is not None else None

    def _watch(self, changed: Mapping[str, bool]) -> None:
        for session_id, watched in _those_held(self._engine, changed):
            self._engine.command(session_id, Watch(watched))


def _those_held(engine: Engine, changed: Mapping[str, bool]) -> Iterable[tuple[str, bool]]:
    return [(session_id, on) for session_id, on in changed.items() if engine.holds(session_id)]


async def _outcome(future: Future[Answer]) -> Outcome:
    """Whatever comes of it: an exception of ours would come through Ray as another."""
    try:
        return Outcome(await asyncio.wrap_future(future))
    except UserError as error:
        return Outcome(None, error)
    except Exception:
        log.exception("a command failed")
        return Outcome(None, UserError("unexpected"))
