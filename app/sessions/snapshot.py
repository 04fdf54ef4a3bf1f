"""What a session looks like from outside, at one moment: immutable, and safe to keep."""

from __future__ import annotations

from dataclasses import dataclass

from app.protocol.base import Level, Replacement, Status
from app.protocol.hyperparameters import Options
from app.training.curve import CurvePoint


@dataclass(frozen=True)
class Description:
    """What changes only when the network is replaced.

    An engine on another machine need send it only when its version is new.

    Attributes:
        version: counts the networks of the session.
        text: what the network learns, as it was given.
        options: what the network was made with.
        vocabulary: the characters it knows, in its order.
        weights: how many numbers it learns.
        sentences: how many it learns.
        held_out_sentences: the size of the validation set.
    """

    version: int
    text: str
    options: Options
    vocabulary: tuple[str, ...]
    weights: int
    sentences: int = 0
    held_out_sentences: int = 0


@dataclass(frozen=True)
class Snapshot:
    """A session at the end of a slice of its training.

    Attributes:
        session_id: whose it is.
        seq: grows from snapshot to snapshot of one life of a session.
        description: what changes only when the network is replaced.
        status: what the session is doing.
        steps: sentences this network has trained on.
        epoch: steps over the number of sentences.
        perplexity: of the last moments; None before the first, or if the network has diverged.
        ms_per_example: milliseconds of training a sentence.
        characters_per_second: characters trained on per second of wall-clock time.
        held_out_perplexity: of the validation set, as last measured.
        memorising_since: the step from which on it has got better at its own sentences and worse
            at the validation set; None if it has not.
        learning_rate: what the network is trained with.
        temperature: what the samples are drawn with.
        samples: five sampled sentences; none until the first are written.
        greedy: the greedy prediction; None until the first is written.
        curve_version: changes when points that were there before change.
        points: the perplexity curve.
        remarks: the last few sentences for the pages that watch.
        steps_per_second: sentences trained on per second of wall-clock time.
        saved_at: Unix time when the store took the session in; None before.
        saving: false while the store cannot be written to.
        recoveries: how often this network ran off and was brought back.
        undoable: how the network took the place of one that can be brought back; None where there
            is none.
        life: another, and a later one, each time that the session begins in a process' memory: what
            was counted before may count for less.
    """

    session_id: str
    seq: int
    description: Description
    status: Status
    steps: int
    epoch: float
    perplexity: float | None
    ms_per_example: float | None
    characters_per_second: float | None
    learning_rate: float
    temperature: float
    samples: tuple[str, ...]
    greedy: str | None
    curve_version: int
    points: tuple[CurvePoint, ...]
    notices: tuple[SessionNotice, ...]
    steps_per_second: float | None = None
    held_out_perplexity: float | None = None
    overfitting_since: int | None = None
    saved_at: float | None = None
    saving: bool = True
    recoveries: int = 0
    undoable: Replacement | None = None
    life: int = 0


@dataclass(frozen=True)
class SessionNotice:
    """A sentence for the pages that watch; numbers increase, so that each is shown once."""

    number: int
    level: Level
    code: str
    message: str
