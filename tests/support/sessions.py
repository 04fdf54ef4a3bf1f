"""A client of one session of an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.engines.base import Engine
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.requests import Learn, Pause, Save
from app.sessions.commands import Answer, Command
from app.sessions.snapshot import Snapshot
from model.formats.checkpoint import ModelCheckpoint
from tests.support.waiting import PATIENCE, wait_for

SMALL = Hyperparameters(hidden_sizes=(8,), letter_size=3)
STARTING = Learn(text="a first sentence\nand another", options=SMALL)


class SessionClient:
    """Sends commands to one session and waits for the results."""

    def __init__(self, engine: Engine, session_id: str = "ann") -> None:
        """Open the session."""
        self.engine, self.session_id = engine, session_id
        engine.open_session(session_id).result(PATIENCE)

    def ask(self, command: Command) -> Answer:
        """The result of a command."""
        return self.engine.submit(self.session_id, command).result(PATIENCE)

    def save(self) -> ModelCheckpoint:
        """The current model."""
        saved = self.ask(Save())
        assert isinstance(saved, ModelCheckpoint)
        return saved

    def rest(self) -> tuple[Snapshot, ModelCheckpoint]:
        """Pause; returns the snapshot and the model."""
        self.ask(Pause())
        saved = self.save()
        return self.now, saved

    @property
    def now(self) -> Snapshot:
        """The newest snapshot."""
        snapshot = self.engine.snapshot(self.session_id)
        assert snapshot is not None
        return snapshot

    def wait_for(self, what: Callable[[Snapshot], Any]) -> Snapshot:
        """The first snapshot for which the condition is true."""

        def look() -> Snapshot | None:
            snapshot = self.now
            return snapshot if what(snapshot) else None

        found = wait_for(look)
        assert found is not None
        return found

    def wait_for_steps(self, more: int = 1) -> Snapshot:
        """Wait until the network has taken so many more steps."""
        steps = self.now.steps
        return self.wait_for(lambda snapshot: snapshot.steps >= steps + more)
