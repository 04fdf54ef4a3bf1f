"""The commands of a session: immutable records, sent to the process that trains it.

Most are the validated requests of a page; those declared here carry data that a request lacks, or
come from the server.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Notice
from app.protocol.base import Level, Payload
from app.protocol.inspection import InspectionResult
from app.protocol.results import CompleteResult
from app.training.checkpoint import Checkpoint
from app.training.gradient_check import GradientCheckJob
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
class Notify:
    """Show a notice on the pages that watch."""

    level: Level
    notice: Notice


Command = (
    Payload | LoadModel | LoadShared | SetWatched | CreateCheckpoint | Restore | MarkSaved | Notify
)

Answer = ModelCheckpoint | Checkpoint | CompleteResult | InspectionResult | GradientCheckJob | None
"""The result of a command; None for those that only change the session."""
