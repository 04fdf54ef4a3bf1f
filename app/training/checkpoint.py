"""The checkpoint of a session: all that must outlive the process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

from app.protocol.hyperparameters import Hyperparameters
from app.training.curve import CurvePoint
from model import TrainingStats
from model.formats.checkpoint import ModelCheckpoint


class Revision(NamedTuple):
    """Changes whenever a new checkpoint of the session would differ from the last.

    Attributes:
        major: counts replaced networks, pauses and resumes, which are saved at once.
        minor: counts everything else, such as time slices of training.
    """

    major: int = 0
    minor: int = 0


def checksum_of(text: str) -> str:
    """SHA-256 of a text as UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


NO_CHANGES = Revision()
"""The revision of a session without unsaved changes."""


@dataclass(frozen=True)
class Checkpoint:
    """A session between two time slices; the arrays are copies.

    Attributes:
        session_id: the session.
        version: counts the networks of the session; the text changes only with it.
        text: the training text, as it was entered.
        options: the options the network was created with.
        learning: whether it trains; otherwise it is paused.
        learning_rate: the current learning rate.
        set_rate: the base learning rate, to which the schedule applies.
        rate_since: the epoch at which the base learning rate was set.
        temperature: the temperature of the samples.
        saved: the network, the optimizer and the state of the batch sampler.
        totals: statistics of the network's training.
        curve_version: version of the curve.
        curve_interval: seconds between two points.
        points: the perplexity curve.
        seed: the seed the network was created with; None if unknown.
        text_checksum: SHA-256 of the text as UTF-8, in hexadecimal digits; computed if empty.
        revision: of the session in this process; not stored.
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
    seed: int | None = None
    text_checksum: str = field(default="", compare=False)
    revision: Revision = field(default=NO_CHANGES, compare=False)

    @property
    def text_digest(self) -> bytes:
        """SHA-256 of the text as UTF-8."""
        return bytes.fromhex(self.text_checksum or checksum_of(self.text))
