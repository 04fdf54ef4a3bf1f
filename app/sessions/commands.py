"""What can be asked of a session: immutable records that travel to wherever it is trained.

Most are the validated requests of a page; those declared here carry what a request lacks, or come
from the server.
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
    """Go on with a saved model on the session's text; learning or paused, as it is."""

    saved: ModelCheckpoint


@dataclass(frozen=True)
class LoadShared:
    """Go on with a shared copy, on the text that it was learning; it learns at once."""

    checkpoint: Checkpoint


@dataclass(frozen=True)
class SetWatched:
    """Whether somebody is looking: only then are samples written."""

    watched: bool


@dataclass(frozen=True)
class CreateCheckpoint:
    """Answer with all of the session that must outlive the process."""


@dataclass(frozen=True)
class Restore:
    """Be as the session was at a checkpoint."""

    checkpoint: Checkpoint


@dataclass(frozen=True)
class MarkSaved:
    """The store has taken the session in at this Unix time; None: it could not."""

    at: float | None


@dataclass(frozen=True)
class Notify:
    """A sentence for the pages that watch."""

    level: Level
    notice: Notice


Command = (
    Payload | LoadModel | LoadShared | SetWatched | CreateCheckpoint | Restore | MarkSaved | Notify
)

Answer = ModelCheckpoint | Checkpoint | CompleteResult | InspectionResult | GradientCheckJob | None
"""The result of a command; None for those that only change the session."""
