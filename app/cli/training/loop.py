"""The loop of `charnn train`: limits, saving, signals, progress, samples and the log."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import click

from app.cli import console
from app.cli.progress import Progress, announced
from app.cli.training.log import TrainingLog
from app.training.monitors import VALIDATION_SHARE, ValidationPacer
from model import Trainer, TrainingStats
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
SAMPLE_SECONDS = 20.0
"""Seconds between two samples of running text."""
SAMPLE_CHARACTERS, SAMPLE_TEMPERATURE = 100, 0.8


@dataclass(frozen=True)
class StopConditions:
    """When training stops: at the first of these limits that is reached.

    Attributes:
        steps: number of steps, each a batch of sentences.
        seconds: training time.
        perplexity: perplexity of the training set.
        epochs: number of epochs.
        patience: epochs without an improvement of the validation loss.
    """

    steps: int | None = None
    seconds: float | None = None
    perplexity: float | None = None
    epochs: float | None = None
    patience: float | None = None


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
        lost_patience: whether it ended because the validation loss no longer improved.
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
        self.lost_patience = False
        self._limits, self._save, self._log = limits, save, log
        self._before = trainer.totals
        self._recent: deque[tuple[float, TrainingStats]] = deque()
        self._validation = ValidationPacer(trainer.validation)
        self._save_at = time.monotonic() + SAVE_SECONDS
        self._evaluate_at = 0.0  # in seconds of training
        self._is_text = trainer.config.mode == "text"
        self._sample_at = time.monotonic() + SAMPLE_SECONDS
        self._began = time.monotonic()

    @property
    def steps(self) -> int:
        """The steps taken in this loop."""
        return self.trainer.totals.steps - self._before.steps

    @property
    def seconds(self) -> float:
        """The training time of this loop."""
        return self.trainer.totals.seconds - self._before.seconds

    @property
    def epochs(self) -> float:
        """The epochs of this loop."""
        return self.trainer.totals.epoch - self._before.epoch

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
        with Progress("Training", self._progress[1]) as progress:
            reached = False
            while not reached and signals.received is None:
                stretch = self._train_until_next_report()
                self._record(stretch)
                progress.show(self._progress[0], self._text(stretch))
                self._sample_if_due(progress)
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

    @property
    def _progress(self) -> tuple[float, float | None]:
        """How much is done, and of how much; None if that is unknown."""
        limits = self._limits
        if limits.steps is not None:
            return self.steps, limits.steps
        if limits.epochs is not None:
            return self.epochs, limits.epochs
        return self.seconds, limits.seconds

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
        parts = [self._losses(stretch), f"epoch {self.trainer.totals.epoch:.1f}"]
        parts.append(f"{stretch.characters / max(stretch.seconds, 1e-9):,.0f} characters/s")
        done, total = self._progress
        if total and done:
            parts.insert(0, f"{_clock(self._elapsed * max(total / done - 1, 0))} left")
        return ", ".join(parts)

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _losses(self, stretch: TrainingStats) -> str:
        """The perplexities, or the losses of running text in nats."""
        validation = self._validation.perplexity
        if not self._is_text:
            shown = "" if validation is None else f" (validation {validation:.2f})"
            return f"perplexity {stretch.perplexity:.2f}{shown}"
        shown = f"loss {_log(stretch.perplexity):.3f}"
        if validation is not None:
            shown += f", validation {_log(validation):.3f}"
        best = self.trainer.best
        return shown if best is None else f"{shown} (best {best.loss:.3f})"

    def _sample_if_due(self, progress: Progress) -> None:
        """Show a sample of running text."""
        if not self._is_text or time.monotonic() < self._sample_at:
            return
        sample = self.trainer.model.sample(SAMPLE_TEMPERATURE, max_chars=SAMPLE_CHARACTERS)
        progress.write(f"Sample: {console.escape_controls(' '.join(sample.split()))}")
        self._sample_at = time.monotonic() + SAMPLE_SECONDS

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
        counted = (
            (self.steps, limits.steps),
            (self.seconds, limits.seconds),
            (self.epochs, limits.epochs),
        )
        if any(limit is not None and done >= limit for done, limit in counted):
            return True
        self.lost_patience = limits.patience is not None and self._waited >= limits.patience
        return self.lost_patience or self._is_below_target(stretch)

    @property
    def _waited(self) -> float:
        """The epochs that have not improved the validation loss, up to the last evaluation."""
        validation, best = self.trainer.validation, self.trainer.best
        if validation is None or validation.evaluated_at is None or best is None:
            return -math.inf
        return validation.evaluated_at - max(best.epoch, self._before.epoch)

    def _is_below_target(self, stretch: TrainingStats) -> bool:
        target = self._limits.perplexity
        if target is None or stretch.perplexity > target * NEAR_TARGET:
            return False
        if self._is_text:
            return self.recent_perplexity <= target
        return self.seconds >= self._evaluate_at and self._evaluate() <= target

    def _evaluate(self) -> float:
        """The perplexity of the training set; the next time is after as much training."""
        began = time.perf_counter()
        with announced("Evaluating the whole training text for --target-perplexity."):
            self.evaluated = self.trainer.model.perplexity(self.trainer.train_sentences)
        self._evaluate_at = self.seconds + time.perf_counter() - began
        return self.evaluated


def _log(perplexity: float) -> float:
    """The loss in nats."""
    return math.log(perplexity) if perplexity > 0 else math.nan


def _clock(seconds: float) -> str:
    """A duration as hours, minutes and seconds: 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
