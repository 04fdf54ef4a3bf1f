"""A session of an engine, as a test asks about it."""

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


class Client:
    """Asks an engine about one session, and waits for what comes."""

    def __init__(self, engine: Engine, session_id: str = "ann") -> None:
        """Begin the session where it is not there yet."""
        self.engine, self.session_id = engine, session_id
        engine.open_session(session_id).result(PATIENCE)

    def ask(self, command: Command) -> Answer:
        """What comes of a command."""
        return self.engine.submit(self.session_id, command).result(PATIENCE)

    def save(self) -> ModelCheckpoint:
        """The model as it is now."""
        saved = self.ask(Save())
        assert isinstance(saved, ModelCheckpoint)
        return saved

    def rest(self) -> tuple[Snapshot, ModelCheckpoint]:
        """Pause, and see what is there."""
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
        """The first snapshot of which something is true."""

        def look() -> Snapshot | None:
            snapshot = self.now
            return snapshot if what(snapshot) else None

        found = wait_for(look)
        assert found is not None
        return found

    def wait_for_steps(self, more: int = 1) -> Snapshot:
        """Wait until the network has taken so many steps more."""
        steps = self.now.steps
        return self.wait_for(lambda snapshot: snapshot.steps >= steps + more)
