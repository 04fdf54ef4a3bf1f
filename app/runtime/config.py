"""The configuration of a server."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.protocol.hyperparameters import DEFAULT_SIZE, SizeName
from app.protocol.limits import Limits

AsyncMode = Literal["eventlet", "threading"]
EngineName = Literal["local", "ray"]
LogFormat = Literal["text", "json"]


def default_data_dir() -> Path:
    """The user's data directory for charnn, by the XDG Base Directory specification."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "charnn"


def available_cores() -> int:
    """The cores this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class ServerConfig:
    """The configuration of a server.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        data_dir: directory for persistent data.
        async_mode: the server backend: `eventlet` on one thread, `threading` on many.
        workers: number of training threads.
        engine: where training runs: `local` in this process, `ray` on a cluster.
        ray_address: address of the Ray cluster; if empty, one is started on this machine.
        cores_per_node: cores of each cluster node; None for all cores of its machine.
        secret: signs cookies; several servers must share it. If empty, it is created in `data_dir`.
        database_url: the database; if empty, an SQLite file in `data_dir`.
        token: the access token; if empty, the server is public.
        allowed_hosts: the host names to answer to besides localhost, separated by commas; if empty,
            only localhost if the server listens on loopback, else all.
        trusted_proxies: the number of proxies in front whose forwarding headers are trusted.
        root_path: the path below which visitors reach the server, such as `/charnn`.
        frame_ancestors: the sites that may embed the page, separated by spaces.
        unwatched_minutes: how long a session trains without an open page.
        keep_days: how long the store keeps an unused session.
        log_format: `text`, or `json` for log collectors.
        size: the preset that a new session starts with.
        limits: the limits per visitor, per address and in total.
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
    allowed_hosts: str = ""
    trusted_proxies: int = 0
    root_path: str = ""
    frame_ancestors: str = ""
    unwatched_minutes: float = 10.0
    keep_days: float = 30.0
    log_format: LogFormat = "text"
    size: SizeName = DEFAULT_SIZE
    limits: Limits = field(default_factory=Limits)
