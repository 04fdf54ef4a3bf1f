"""The state of other processes."""

from __future__ import annotations

import contextlib
from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether any thread of a process is running; the main thread may end before the others."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        threads = Path(f"/proc/{pid}/task").iterdir()
        return any(_state_of(thread) != "Z" for thread in threads)  # a zombie
    return False


def _state_of(thread: Path) -> str:
    try:
        return (thread / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"
