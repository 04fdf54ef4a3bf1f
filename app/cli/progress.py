"""What a command is doing, on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Never

from tqdm import tqdm

from app.cli.console import note

PATIENCE = 1.0
"""Seconds after which work that has not ended is announced."""
COMPILING = "Loading the kernels; they are compiled once for each kind of network."
LINE_SECONDS = 10.0
"""Seconds between two lines of progress where there is no terminal."""


@contextlib.contextmanager
def announced(what: str, at_once: bool = False) -> Iterator[None]:
    """Say what is being done, if it takes longer than a moment.

    Args:
        what: a sentence.
        at_once: whether to say it in any case; work that holds the GIL stops the clock.
    """
    if at_once:
        note(what)
        yield
        return
    timer = threading.Timer(PATIENCE, note, [what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Progress:
    """The progress of long work.

    Args:
        what: the work, in front of a line.
        total: what makes it complete; None if that is unknown.
        delay: seconds before anything is shown.
    """

    def __init__(self, what: str, total: float | None, delay: float = 0.0) -> None:
        self._what, self._total = what, total
        self._bar: tqdm[Never] = tqdm(
            desc=what,
            total=total,
            delay=delay,
            disable=None,  # unless standard error is a terminal
            leave=False,
            unit="",  # the text beside the bar; tqdm puts a comma before its postfix
            bar_format="{l_bar}{bar}| {unit}" if total else "{desc}: {unit}",
        )
        self._next_line = time.monotonic() + max(delay, LINE_SECONDS)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone
            self._bar.close()

    def show(self, done: float, text: str) -> None:
        """Show how much is done, and a text beside it."""
        with contextlib.suppress(OSError):
            if not self._bar.disable:
                self._bar.n = min(done, self._total) if self._total else done
                self._bar.unit = text
                self._bar.refresh()
            elif time.monotonic() >= self._next_line:
                self._next_line = time.monotonic() + LINE_SECONDS
                share = f" {min(done / self._total, 1):.0%}" if self._total else ""
                note(f"{self._what}:{share} {text}")

    def write(self, text: str) -> None:
        """Write a line above the bar."""
        with contextlib.suppress(OSError), tqdm.external_write_mode():
            note(text)
