"""The commands of a session: immutable records, sent to the process that trains it.

Most are the validated requests of a page; those declared here carry data that a request lacks, or
come from the server.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

from app.errors import Notice
from app.protocol.base import Level, Payload, Replacement
from app.protocol.inspection import InspectionResult
from app.protocol.requests import Learn, LoadPretrained
from app.protocol.results import CompleteResult
from app.training.checkpoint import Checkpoint
from app.training.gradient_check import GradientCheckJob
from app.training.run import TrainingRun
from model.formats.checkpoint import ModelCheckpoint


@dataclass(frozen=True)
class LoadModel:
    """Continue with a saved model on the session's text; training or paused as before."""

    saved: ModelCheckpoint


@dataclass(frozen=True)
class LoadShared:
    """Continue with a shared copy and its text, and start training."""

    checkpoint: Checkpoint


@dataclass(frozen=True)
class ReadText:
    """Return the whole training text."""


@dataclass(frozen=True)
class SetWatched:
    """Set whether a page watches the session: only then are samples refreshed."""

    watched: bool


@dataclass(frozen=True)
class CreateCheckpoint:
    """Return a checkpoint of the session."""


@dataclass(frozen=True)
class Restore:
    """Restore the session from a checkpoint."""

    checkpoint: Checkpoint


@dataclass(frozen=True)
class MarkSaved:
    """Record that the session was saved at this Unix time; None if saving failed."""

    at: float | None


@dataclass(frozen=True)
class ChargeTime:
    """Charge the session's share for processor time that it took outside of its time slices."""

    seconds: float


@dataclass(frozen=True)
class Notify:
    """Show a notice on the pages that watch."""

    level: Level
    notice: Notice


class Prepared(NamedTuple):
    """A network that is ready to replace the current one.

    Attributes:
        run: its training run.
        replacement: how it replaces the current one; None if it was restored.
        learning: whether it trains; None as the current one does.
        temperature: of its samples; None for the current one.
        version: of the network; None for the next one.
        notice: a warning for the visitor.
    """

    run: TrainingRun
    replacement: Replacement | None
    learning: bool | None = None
    temperature: float | None = None
    version: int | None = None
    notice: Notice | None = None


@dataclass(frozen=True)
class Install:
    """Replace the network with a prepared one; fails as the preparation did."""

    prepared: Future[Prepared]


Replacing = Learn | LoadModel | LoadPretrained | LoadShared | Restore
"""The commands that replace the network with one that must be prepared."""

ServerCommand = SetWatched | CreateCheckpoint | MarkSaved | ChargeTime | Notify | Install | ReadText
"""The commands that the server itself sends, or that a page can't send often."""

Command = Payload | LoadModel | LoadShared | Restore | ServerCommand


@dataclass(frozen=True)
class TrainingText:
    """The whole training text, and its checksum as in a snapshot."""

    checksum: str
    text: str


Answer = (
    ModelCheckpoint
    | Checkpoint
    | CompleteResult
    | InspectionResult
    | GradientCheckJob
    | TrainingText
    | None
)
"""The result of a command; None for those that only change the session."""
