"""Functions for worker processes of tests; the module imports little, so that they start fast."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOOK = 0.002


@dataclass(frozen=True)
class Work:
    """Work that lasts until the test releases it.

    Attributes:
        folder: `begun` is created there, and `go` is awaited; None: the work takes no time.
    """

    folder: Path | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the process has begun."""
        return self.folder is not None and (self.folder / "begun").exists()

    def let_go(self) -> None:
        """Release the process."""
        assert self.folder is not None
        (self.folder / "go").touch()


def carry_out(work: Work) -> list[Any]:
    """Do the work; the result is empty."""
    if work.folder is not None:
        (work.folder / "begun").touch()
        while not (work.folder / "go").exists():
            time.sleep(LOOK)
    return []


def wait_for_go(path: Path, *_: Any) -> int:
    """Wait for the file `go` next to a file, and return the process id."""
    while not (path.parent / "go").exists():
        time.sleep(LOOK)
    return os.getpid()


def own_pid(*_: Any) -> int:
    """The id of the worker process."""
    return os.getpid()


def own_niceness() -> int:
    """The niceness of the worker process."""
    return os.getpriority(os.PRIO_PROCESS, 0)


def end_at_once(*_: Any) -> None:
    """Kill the worker process."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(*_: Any) -> None:
    """Raise an unexpected error."""
    raise ZeroDivisionError


class Large:
    """Stands for much memory."""

    count = 0

    def __init__(self) -> None:
        Large.count += 1

    def __del__(self) -> None:
        Large.count -= 1


def refuse_large() -> None:
    """Fail because of another error, whose frame has something large."""
    try:
        large = Large()
        {}[large]  # type: ignore[index]
    except KeyError:
        raise ValueError("refused") from None


def count_large() -> int:
    """How much of it is in memory."""
    return Large.count
