"""What can be asked of a session: immutable records that travel to wherever it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["lstm", "gru", "rnn"]


@dataclass(frozen=True)
class Options:
    """The options of a network and of its training; the defaults are the original demo's."""

    kind: Kind = "lstm"
    hidden_sizes: tuple[int, ...] = (20, 20)
    letter_size: int = 5
    l2: float = 1e-6
    learning_rate: float = 0.01
    clip: float = 5.0


@dataclass(frozen=True)
class Learn:
    """Begin a new network on this text, and learn."""

    text: str
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Pause:
    """Stop learning and keep the network."""


@dataclass(frozen=True)
class Resume:
    """Go on learning."""


@dataclass(frozen=True)
class Change:
    """Change what may change while the network learns; None leaves it as it is."""

    learning_rate: float | None = None
    temperature: float | None = None


@dataclass(frozen=True)
class Load:
    """Go on with a saved model on the session's text; learning or paused, as it is."""

    json: str


@dataclass(frozen=True)
class LoadPretrained:
    """Go on with a model that charnn brings along; the first when no name is given."""

    name: str = ""


@dataclass(frozen=True)
class Save:
    """Answer with the model as JSON."""


@dataclass(frozen=True)
class Watch:
    """Whether somebody is looking: only then are samples written."""

    watched: bool


Command = Learn | Pause | Resume | Change | Load | LoadPretrained | Save | Watch

Answer = str | None
"""The JSON of a `Save`; nothing for every other command."""
