"""The loop of `charnn train`: limits, saving, signals, progress and the log."""

from __future__ import annotations

import contextlib
import csv
import math
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

import click

from app.cli import console
from app.cli.files import STDIO, is_replaced
from app.cli.progress import Progress, announced
from app.training.monitors import VALIDATION_SHARE, ValidationPacer
from model import Trainer, TrainingStats
from model.formats.file_kinds import FileKind, starts_with
from model.metrics import perplexity_of

REPORT_SECONDS = 0.25  # of training between two progress reports
SAVE_SECONDS = 60.0
"""Seconds between two saves."""
SAVE_SHARE = 0.05
"""Share of the time that saving may take: large networks are saved less often."""
NEAR_TARGET = 1.1  # times the target: from here on the whole text is evaluated, which is slow
RECENT_SECONDS = 10.0
"""Seconds of training whose perplexity is reported at the end."""
MIN_VALIDATION_SECONDS = 1.0
"""Time for a last validation, unless the share of validation in the training time is more."""

LOG_FIELDS = (
    *("step", "epoch", "seconds", "learning_rate"),
    *("loss", "perplexity", "validation_perplexity"),
)
TRAINING_LOG = FileKind("a training log", starts_with(",".join(LOG_FIELDS).encode()))


@dataclass(frozen=True)
class StopConditions:
    """When training stops: at the first of these limits that is reached.

    Attributes:
        steps: number of steps, each a batch of sentences.
        seconds: training time.
        perplexity: perplexity of the training set.
    """

    steps: int | None = None
    seconds: float | None = None
    perplexity: float | None = None


class StopSignals:
    """Notes signals that ask the program to stop, so that it can save first.

    A second Ctrl-C ends it at once. Other signals may well come twice: a terminal that closes sends
    SIGHUP, and so does its shell.

    Attributes:
        received: the number of the signal; None without one.
    """

    NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # some of them are unknown to a system

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is not threading.main_thread():
            return self  # only the main thread may handle signals
        for number in (getattr(signal, name, None) for name in self.NAMES):
            # An ignored signal stays so: nohup ignores SIGHUP.
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.received is not None:
            raise KeyboardInterrupt
        self.received = number


class TrainingLog:
    """A CSV file with a row for each report. A row that cannot be written ends it, not training.

    Args:
        path: the file; None for no log.
        append: whether to continue an existing log.
    """

    def __init__(self, path: Path | None, append: bool) -> None:
        self._path = path
        self._file: IO[str] | None = None
        if path is not None and path != STDIO:
            mode = "a" if append and is_replaced(path) else "w"
            self._file = path.open(mode, encoding="utf-8", newline="", buffering=1)

    def __enter__(self) -> TrainingLog:
        if self._path is not None and not self._at_a_row():
            self._write(LOG_FIELDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # which ended the log before
                self._file.close()

    def add(self, trainer: Trainer, stretch: TrainingStats, seconds: float) -> None:
        """Add the row of a stretch of training that ends after this many seconds."""
        if self._path is None:
            return
        loss = stretch.cost / stretch.predictions if stretch.predictions else math.nan
        validation = trainer.validation.perplexity if trainer.validation else None
        self._write(
            (
                str(trainer.totals.steps),
                f"{trainer.totals.epoch:.4f}",
                f"{seconds:.3f}",
                f"{trainer.learning_rate:.6g}",
                f"{loss:.6g}",
                f"{stretch.perplexity:.6g}",
                "" if validation is None else f"{validation:.6g}",
            )
        )

    def _at_a_row(self) -> bool:
        """Whether an existing log is continued."""
        return self._file is not None and self._file.seekable() and self._file.tell() > 0

    def _write(self, row: tuple[str, ...]) -> None:
        try:
            if self._file is not None:
                csv.writer(self._file, lineterminator="\n").writerow(row)
            else:
                console.write_line(",".join(row))
        except (OSError, click.ClickException) as error:
            why = console.reason(error)
            console.note(f"{self._path}: {why} The log ends here; training continues.")
            self._path = None


class TrainingLoop:
    """Trains until a limit is reached, or until a signal.

    Args:
        trainer: what trains.
        limits: when it stops; they count from here.
        save: saves the model; it raises `click.ClickException` if it cannot.
        log: the log.

    Attributes:
        stopped_by: the number of the signal that ended it; None if a limit did.
        evaluated: the perplexity of the training set, if it was evaluated for the limit.
    """

    def __init__(
        self,
        trainer: Trainer,
        limits: StopConditions,
        save: Callable[[], None] | None,
        log: TrainingLog,
    ) -> None:
        self.trainer = trainer
        self.stopped_by: int | None = None
        self.evaluated: float | None = None
        self._limits, self._save, self._log = limits, save, log
        self._before = trainer.totals
        self._recent: deque[tuple[float, TrainingStats]] = deque()
        self._validation = ValidationPacer(trainer.validation)
        self._save_at = time.monotonic() + SAVE_SECONDS
        self._evaluate_at = 0.0  # in seconds of training

    @property
    def steps(self) -> int:
        """The steps taken in this loop."""
        return self.trainer.totals.steps - self._before.steps

    @property
    def seconds(self) -> float:
        """The training time of this loop."""
        return self.trainer.totals.seconds - self._before.seconds

    @property
    def recent_perplexity(self) -> float:
        """The perplexity of the last ten seconds of training, each sentence before its step."""
        stretches = [stretch for _, stretch in self._recent]
        return perplexity_of(
            sum(stretch.cost for stretch in stretches),
            sum(stretch.predictions for stretch in stretches),
        )

    def run(self, signals: StopSignals) -> None:
        """Train. A saved model that cannot be written is announced, and training continues."""
        total = self._limits.steps or self._limits.seconds
        with Progress("Training", total) as progress:
            reached = False
            while not reached and signals.received is None:
                stretch = self._train_until_next_report()
                self._record(stretch)
                progress.show(
                    self.steps if self._limits.steps else self.seconds, self._text(stretch)
                )
                self._save_if_due(progress)
                reached = self._is_reached(stretch)
        self.stopped_by = None if reached else signals.received

    def validate(self) -> None:
        """Evaluate the validation set once more, if that takes no longer than it should."""
        if self.trainer.validation is not None:
            until = time.perf_counter() + max(
                MIN_VALIDATION_SECONDS, VALIDATION_SHARE * self.seconds
            )
            for _ in ("the pass that has begun", "one of the network as it is now"):
                self.trainer.validation.evaluate_for(until - time.perf_counter())

    def _train_until_next_report(self) -> TrainingStats:
        trainer, limits = self.trainer, self._limits
        if limits.steps is not None:
            steps = int(self.steps / self.seconds * REPORT_SECONDS) if self.seconds else 1
            return trainer.train(max(1, min(limits.steps - self.steps, steps)))
        seconds = REPORT_SECONDS if limits.seconds is None else limits.seconds - self.seconds
        return trainer.train_for(max(0.0, min(seconds, REPORT_SECONDS)))

    def _record(self, stretch: TrainingStats) -> None:
        self._validation.step(stretch.seconds, time.monotonic())
        self._recent.append((self.seconds, stretch))
        while self._recent[0][0] < self.seconds - RECENT_SECONDS:
            self._recent.popleft()
        self._log.add(self.trainer, stretch, self.seconds)

    def _text(self, stretch: TrainingStats) -> str:
        validation = self._validation.perplexity
        shown = "" if validation is None else f" (validation {validation:.2f})"
        return (
            f"perplexity {stretch.perplexity:.2f}{shown}, epoch {self.trainer.totals.epoch:.1f}, "
            f"{stretch.characters / max(stretch.seconds, 1e-9):,.0f} characters/s"
        )

    def _save_if_due(self, progress: Progress) -> None:
        if self._save is None or time.monotonic() < self._save_at:
            return
        began = time.monotonic()
        try:
            self._save()
        except click.ClickException as error:
            progress.write(f"{error.message} Training continues.")
        took = time.monotonic() - began
        self._save_at = time.monotonic() + max(SAVE_SECONDS, took / SAVE_SHARE)

    def _is_reached(self, stretch: TrainingStats) -> bool:
        limits = self._limits
        if limits.steps is not None and self.steps >= limits.steps:
            return True
        if limits.seconds is not None and self.seconds >= limits.seconds:
            return True
        if limits.perplexity is None or stretch.perplexity > limits.perplexity * NEAR_TARGET:
            return False
        return self.seconds >= self._evaluate_at and self._evaluate() <= limits.perplexity

    def _evaluate(self) -> float:
        """The perplexity of the training set; the next time is after as much training."""
        began = time.perf_counter()
        with announced("Evaluating the whole training text for --target-perplexity."):
            self.evaluated = self.trainer.model.perplexity(self.trainer.train_sentences)
        self._evaluate_at = self.seconds + time.perf_counter() - began
        return self.evaluated
