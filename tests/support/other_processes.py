"""What another process is asked to do in a test: next to nothing, so that it begins at once."""

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
    """Something to do that takes as long as the test wants.

    Attributes:
        folder: where the file `begun` appears, and is waited for `go`; None: it takes no time.
    """

    folder: Path | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the other process is at it."""
        return self.folder is not None and (self.folder / "begun").exists()

    def let_go(self) -> None:
        """Have it end."""
        assert self.folder is not None
        (self.folder / "go").touch()


def carry_out(work: Work) -> list[Any]:
    """Do it; there is no outcome."""
    if work.folder is not None:
        (work.folder / "begun").touch()
        while not (work.folder / "go").exists():
            time.sleep(LOOK)
    return []


def wait_for_go(path: Path) -> int:
    """Wait for the file `go` beside a file, and return the number of this process."""
    while not (path.parent / "go").exists():
        time.sleep(LOOK)
    return os.getpid()


def own_pid(*_: Any) -> int:
    """The number of the process that is asked."""
    return os.getpid()


def own_niceness() -> int:
    """How readily the process that is asked leaves the processors to others."""
    return os.getpriority(os.PRIO_PROCESS, 0)


def end_at_once(*_: Any) -> None:
    """End the process that is asked as if it had been killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(*_: Any) -> None:
    """Fail, with an error that nobody expects."""
    raise ZeroDivisionError
