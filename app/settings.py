"""The settings of a server, all in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

AsyncMode = Literal["eventlet", "threading"]
EngineName = Literal["local"]


def default_data_dir() -> Path:
    """Where a person's programs keep their data, by the custom of the XDG specification."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "charnn"


def available_cores() -> int:
    """The cores this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class ServerSettings:
    """How a server runs.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        data_dir: where the server keeps what must outlive it.
        async_mode: what serves the visitors: `eventlet` on one thread, `threading` on many.
        workers: threads that train.
        engine: where training runs.
        max_upload: bytes of the largest message or upload that is taken.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = field(default_factory=default_data_dir)
    async_mode: AsyncMode = "eventlet"
    workers: int = field(default_factory=available_cores)
    engine: EngineName = "local"
    max_upload: int = 100_000_000  # the largest network here, its solver and its spaces, as JSON
