"""A fake cluster whose nodes and machines can fail, with sessions that do not train."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from app.engines.base import Engine
from app.engines.cluster.directory import Directory
from app.engines.cluster.interfaces import ActorHandle, Machine, StartedNode, Unreachable
from app.engines.cluster.node import TrainingNode
from app.errors import UserError
from app.protocol.requests import SetParameters
from app.runtime.futures import completed, failed
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.snapshot import Snapshot
from tests.support.snapshots import FIRST, later


class RecordingEngine(Engine):
    """An engine that records commands; its snapshots reflect them, but nothing trains.

    Engines with one store hand over sessions: one that was saved is adopted as it was.
    """

    def __init__(self, store: dict[str, Snapshot]) -> None:
        self._store = store
        self.shown: dict[str, Snapshot] = {}
        self.commands: list[tuple[str, Command]] = []
        self.taken_over: dict[str, float | None] = {}
        self.full = False

    def open_session(self, session_id: str) -> Future[Answer]:
        return self.adopt(session_id, None)

    def adopt(self, session_id: str, lost_at: float | None) -> Future[Answer]:
        if self.full:
            return failed(UserError("server_full", limit=1))
        self.taken_over.setdefault(session_id, lost_at)
        if session_id not in self.shown:
            stored = self._store.get(session_id, FIRST)
            self.shown[session_id] = later(stored, session_id=session_id, generation=id(self))
        return completed(None)

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        if session_id not in self.shown:
            return failed(UserError("session_gone"))
        self.commands.append((session_id, command))
        now = self.shown[session_id]
        if isinstance(command, SetParameters) and command.temperature is not None:
            self.shown[session_id] = later(now, temperature=command.temperature)
        else:
            self.shown[session_id] = later(now)
        return completed(None)

    def snapshot(self, session_id: str) -> Snapshot | None:
        return self.shown.get(session_id)

    def snapshots(self) -> Mapping[str, Snapshot]:
        return self.shown

    def has_session(self, session_id: str) -> bool:
        return session_id in self.shown

    def drop(self, session_id: str) -> None:
        self.shown.pop(session_id, None)

    def save_all(self) -> Future[bool]:
        self._store.update(self.shown)
        return completed(True)

    def close(self) -> None:
        pass

    def watched(self, session_id: str) -> list[bool]:
        """The values of SetWatched that a session has received."""
        return [
            command.watched
            for name, command in self.commands
            if name == session_id and isinstance(command, SetWatched)
        ]


class LocalActor:
    """An in-process actor that can be lost or hang."""

    def __init__(self, name: str, actor: Any) -> None:
        self.name = name
        self.actor = actor
        self.lost = False
        self.hangs = False
        self.calls: list[str] = []

    async def ask(self, method: str, *arguments: Any) -> Any:
        self.calls.append(method)
        await asyncio.sleep(0)
        self._check()
        while self.hangs:
            await asyncio.sleep(0.005)
            self._check()
        answer = getattr(self.actor, method)(*arguments)
        if inspect.isawaitable(answer):
            answer = await answer
        self._check()  # it may have been lost meanwhile
        return answer

    def _check(self) -> None:
        if self.lost:
            raise Unreachable(self.name)


class FakeCluster:
    """Machines with one core each."""

    def __init__(self, count: int) -> None:
        self.up = [Machine(f"machine {number}", f"10.0.0.{number}", 1) for number in range(count)]
        self.started: list[StartedNode] = []
        self.engines: dict[str, RecordingEngine] = {}
        self.store: dict[str, Snapshot] = {}
        self.broken = False
        self.looks = 0  # calls of `all`

    def all(self) -> Sequence[Machine]:
        self.looks += 1
        return list(self.up)

    def running(self) -> Sequence[StartedNode]:
        return [started for started in self.started if not self._actor(started).lost]

    def start(self, machine: Machine, threads: int) -> StartedNode:
        name = f"node {len(self.started)}"
        self.engines[name] = RecordingEngine(self.store)
        remote = LocalActor(name, TrainingNode(self.engines[name]))
        remote.lost = self.broken
        self.started.append(StartedNode(remote, machine.name, threads))
        return self.started[-1]

    def end(self, node: ActorHandle) -> None:
        assert isinstance(node, LocalActor)
        node.lost = True

    def node(self, name: str) -> LocalActor:
        return next(self._actor(each) for each in self.started if each.remote.name == name)

    def engine(self, remote: ActorHandle | None) -> RecordingEngine:
        assert remote is not None
        return self.engines[remote.name]

    def _actor(self, started: StartedNode) -> LocalActor:
        assert isinstance(started.remote, LocalActor)
        return started.remote


def make_directory(machines: FakeCluster) -> Directory:
    """A directory of these machines, with one node each."""
    return Directory(machines, cores_per_node=None)
