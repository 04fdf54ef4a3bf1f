"""The state of a session at one moment; immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from app.protocol.base import Level, PauseReason, Replacement, Status
from app.protocol.hyperparameters import Hyperparameters
from app.training.checkpoint import NO_CHANGES, Revision, checksum_of
from app.training.curve import CurvePoint
from app.training.monitors import BestSoFar

MAX_BEGINNING = 1_000
"""Characters of a text that a snapshot carries."""


@dataclass(frozen=True)
class TextSummary:
    """A training text without most of its characters, which are sent by HTTP when needed.

    Attributes:
        checksum: SHA-256 of the text as UTF-8, in hexadecimal digits.
        characters: its number of characters.
        beginning: its first characters, at most `MAX_BEGINNING`.
    """

    checksum: str
    characters: int
    beginning: str

    @classmethod
    def of(cls, text: str) -> TextSummary:
        """The summary of a text."""
        return cls(checksum_of(text), len(text), text[:MAX_BEGINNING])


@dataclass(frozen=True)
class Description:
    """The part of a snapshot that changes only when the network is replaced.

    Attributes:
        version: counts the networks of the session.
        text: the training text, as it was entered, in short.
        options: the options the network was created with.
        vocabulary: the characters it knows, in its order.
        weights: number of weights.
        sentences: size of the training set.
        validation_sentences: size of the validation set.
        seed: the seed the network was created with; None if unknown.
    """

    version: int
    text: TextSummary
    options: Hyperparameters
    vocabulary: tuple[str, ...]
    weights: int
    sentences: int = 0
    validation_sentences: int = 0
    seed: int | None = None


@dataclass(frozen=True)
class Snapshot:
    """A session at the end of a time slice.

    Attributes:
        session_id: the session.
        generation: increases each time that the session is loaded into memory.
        seq: counts the snapshots of one generation.
        description: the part that changes only when the network is replaced.
        status: compiling, learning or paused.
        steps: sentences this network has trained on.
        epoch: steps over the number of sentences.
        perplexity: of the last half second; None before the first, or if the network diverged.
        ms_per_example: milliseconds of training per sentence.
        characters_per_second: characters trained on per second of wall-clock time.
        learning_rate: the current learning rate.
        temperature: the temperature of the samples.
        samples: five samples; none until the first are ready.
        greedy: the greedy prediction; None until the first is ready.
        curve_version: changes when earlier points of the curve change.
        points: the perplexity curve.
        notices: the last few notices for the pages that watch.
        steps_per_second: sentences trained on per second of wall-clock time.
        validation_perplexity: of the validation set, at its last evaluation.
        best: the best weights so far, by validation loss; None before the first evaluation.
        overfitting_since: the step since when training perplexity falls while validation
            perplexity rises; None if it does not.
        saved_at: Unix time of the newest checkpoint in the store; None before the first.
        saving: false while the store fails.
        rollbacks: how often this network diverged and was rolled back.
        undoable: how the network replaced the one that undo restores; None if there is none.
        pause_reason: why the server paused it; None if it trains, or the visitor paused it.
        revision: changes whenever a new checkpoint would differ.
        changed_at: the `seq` at which each field took its value, by the field's name.
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
    validation_perplexity: float | None = None
    best: BestSoFar | None = None
    overfitting_since: int | None = None
    saved_at: float | None = None
    saving: bool = True
    rollbacks: int = 0
    undoable: Replacement | None = None
    pause_reason: PauseReason | None = None
    revision: Revision = NO_CHANGES
    generation: int = 0
    changed_at: Mapping[str, int] = field(default_factory=dict, compare=False)

    def after(self, last: Snapshot | None) -> Snapshot:
        """This snapshot, as the one that follows `last`: only changed fields are newer."""
        if last is None or last.generation != self.generation:
            return replace(self, changed_at=dict.fromkeys(FIELDS, self.seq))
        before = last.changed_at
        return replace(
            self,
            changed_at={
                name: before[name] if getattr(self, name) == getattr(last, name) else self.seq
                for name in FIELDS
            },
        )


FIELDS = tuple(each.name for each in fields(Snapshot) if each.name not in ("points", "changed_at"))
"""The fields of a snapshot that change as a whole; points are appended."""


@dataclass(frozen=True)
class SessionNotice:
    """A notice for the pages that watch; numbers increase, so that each is shown once."""

    number: int
    level: Level
    code: str
    message: str
