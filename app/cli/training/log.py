"""The log of `charnn train`."""

from __future__ import annotations

import contextlib
import csv
import math
from pathlib import Path
from typing import IO

import click

from app.cli import console
from app.cli.files import STDIO, is_replaced
from model import Trainer, TrainingStats
from model.formats.file_kinds import FileKind, starts_with

LOG_FIELDS = (
    *("step", "epoch", "seconds", "learning_rate"),
    *("loss", "perplexity", "validation_perplexity"),
)
TRAINING_LOG = FileKind("a training log", starts_with(",".join(LOG_FIELDS).encode()))


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
