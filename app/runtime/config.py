"""The settings of a server, all in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.protocol.limits import Limits

AsyncMode = Literal["eventlet", "threading"]
EngineName = Literal["local", "ray"]
LogFormat = Literal["text", "json"]


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
class ServerConfig:
    """How a server runs.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        data_dir: where the server keeps what must outlive it.
        async_mode: what serves the visitors: `eventlet` on one thread, `threading` on many.
        workers: threads that train.
        engine: where training runs: `local` in this process, `ray` on a cluster.
        ray_address: of the Ray cluster; one is started on this machine when there is none.
        cores_per_node: cores of each node of the cluster; None: a node has all of its machine.
        secret: what signs cookies, where several servers share it; made in the data folder when it
            is empty.
        database_url: the store; a SQLite file in the data folder when there is none.
        token: what a visitor must know; anybody may come when it is empty.
        trust_proxy: whether a proxy in front says truly who visits.
        unwatched_minutes: how long a session trains on without an open page.
        keep_days: how long the store keeps an unused session.
        log_format: `text` for people, `json` for programs that collect logs.
        limits: how much visitors may ask of it.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = field(default_factory=default_data_dir)
    async_mode: AsyncMode = "eventlet"
    workers: int = field(default_factory=available_cores)
    engine: EngineName = "local"
    ray_address: str = ""
    cores_per_node: int | None = None
    secret: str = ""
    database_url: str = ""
    token: str = ""
    trust_proxy: bool = False
    unwatched_minutes: float = 10.0
    keep_days: float = 30.0
    log_format: LogFormat = "text"
    limits: Limits = field(default_factory=Limits)
