"""What can be asked of a session: immutable records that travel to wherever it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.errors import Notice
from app.protocol import inspection as questions
from app.protocol.base import Level, Payload
from app.protocol.hyperparameters import Hyperparameters, Method
from app.training.checkpoint import Checkpoint
from app.training.completion import Completion
from app.training.gradient_check import GradientCheckJob
from model.formats.checkpoint import ModelCheckpoint


@dataclass(frozen=True)
class Learn:
    """Begin a new network on this text, and learn."""

    text: str
    options: Hyperparameters = field(default_factory=Hyperparameters)


@dataclass(frozen=True)
class Pause:
    """Stop learning and keep the network."""


@dataclass(frozen=True)
class Resume:
    """Go on learning."""


@dataclass(frozen=True)
class SetParameters:
    """Change what may change while the network learns; None leaves it as it is."""

    learning_rate: float | None = None
    temperature: float | None = None


@dataclass(frozen=True)
class Load:
    """Go on with a saved model on the session's text; learning or paused, as it is."""

    saved: ModelCheckpoint


@dataclass(frozen=True)
class LoadPretrained:
    """Go on with a model that charnn brings along; the first when no name is given."""

    name: str = ""


@dataclass(frozen=True)
class OpenCopy:
    """Go on with a shared copy, on the text that it was learning; it learns at once."""

    copy: Checkpoint


@dataclass(frozen=True)
class Undo:
    """Go on with the network that was replaced last; learning or paused, as it is."""


@dataclass(frozen=True)
class Save:
    """Answer with the model as it is now."""


@dataclass(frozen=True)
class Complete:
    """Answer with how the network goes on from a beginning; nothing changes.

    Attributes:
        prime: the beginning.
        method: a few are drawn, or the likeliest are searched for.
        temperature: of what is drawn.
        top_k: among how many of the likeliest characters is drawn; None: all.
        top_p: among so many of the likeliest as have this probability together; None: all.
        width: of the beam.
    """

    prime: str
    method: Method = "sample"
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    width: int = 5


@dataclass(frozen=True)
class Inspect:
    """Answer a page's question about the network as it is now; nothing changes."""

    question: Payload


@dataclass(frozen=True)
class PrepareGradientCheck:
    """Answer with a copy of the network, for a check of its gradients; nothing changes."""


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
    Learn
    | Pause
    | Resume
    | SetParameters
    | Load
    | LoadPretrained
    | OpenCopy
    | Undo
    | Save
    | Complete
    | Inspect
    | PrepareGradientCheck
    | SetWatched
    | CreateCheckpoint
    | Restore
    | MarkSaved
    | Notify
)

Answer = (
    ModelCheckpoint | Checkpoint | list[Completion] | questions.Moment | GradientCheckJob | None
)
"""The result of a command; None for those that only change the session."""
