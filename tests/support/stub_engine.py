"""An engine that trains nothing, for tests of the web layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace

from app.engines.base import Engine, Problem
from app.errors import BusyError
from app.runtime.futures import completed, failed
from app.sessions.commands import Answer, Command
from app.sessions.snapshot import Snapshot
from tests.support.snapshots import FIRST


class StubEngine(Engine):
    """An engine that trains nothing, with the same snapshot for every session.

    Attributes:
        created: the sessions that were opened.
        commands: the commands that were submitted.
        wrong: its problems; with any, every command fails.
        passing: its problems that may pass.
        meanwhile: called while a session is opened.
    """

    def __init__(self) -> None:
        self.created: list[str] = []
        self.commands: list[tuple[str, Command]] = []
        self.wrong: list[Problem] = []
        self.passing: list[Problem] = []
        self.meanwhile: Callable[[], None] | None = None
        self.is_closed = False

    def open_session(self, session_id: str) -> Future[Answer]:
        if self.meanwhile is not None:
            self.meanwhile()
        self.created.append(session_id)
        return completed(None)

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        self.commands.append((session_id, command))
        if self.wrong:
            return failed(BusyError("no_node"))
        return completed(None)

    def snapshot(self, session_id: str) -> Snapshot | None:
        return replace(FIRST, session_id=session_id)

    def snapshots(self) -> Mapping[str, Snapshot]:
        return {each: replace(FIRST, session_id=each) for each in self.created}

    def on_failure(self, call: Callable[[str], None]) -> None:
        self.fail = call

    def problems(self) -> Sequence[Problem]:
        return self.wrong

    def obstacles(self) -> Sequence[Problem]:
        return self.passing

    def has_session(self, session_id: str) -> bool:
        return session_id in self.created

    def close(self) -> None:
        self.is_closed = True
