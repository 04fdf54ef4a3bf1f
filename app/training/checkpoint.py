"""All of a session that must outlive the process: what the store keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from app.protocol.hyperparameters import Hyperparameters
from app.training.curve import CurvePoint
from model import TrainingStats
from model.formats.checkpoint import ModelCheckpoint


class Revision(NamedTuple):
    """Changes whenever a new checkpoint of the session would differ from the last.

    Attributes:
        major: counts replaced networks, pauses and resumes: what is saved at once.
        minor: counts everything else, such as time slices of training.
    """

    major: int = 0
    minor: int = 0


NO_CHANGES = Revision()
"""The revision of a session that is as the store holds it."""


@dataclass(frozen=True)
class Checkpoint:
    """A session between two slices of its training; its arrays are its own.

    Attributes:
        session_id: whose it is.
        version: counts the networks of the session; the text changes only with it.
        text: what the network learns, as it was given.
        options: what the network was made with.
        learning: learning, or paused.
        learning_rate: what the network is trained with at this moment.
        set_rate: the learning rate that was set last, which the schedule changes.
        rate_since: the epoch at which it was set.
        temperature: what the samples are drawn with.
        saved: the network, its solver and the order of the sentences to come.
        totals: of the network's training.
        curve_version: of the points below.
        curve_interval: seconds between them.
        points: the perplexity curve.
        revision: of the session in this process; it is not stored.
    """

    session_id: str
    version: int
    text: str
    options: Hyperparameters
    learning: bool
    learning_rate: float
    set_rate: float
    rate_since: float
    temperature: float
    saved: ModelCheckpoint
    totals: TrainingStats
    curve_version: int
    curve_interval: float
    points: tuple[CurvePoint, ...]
    revision: Revision = field(default=NO_CHANGES, compare=False)
