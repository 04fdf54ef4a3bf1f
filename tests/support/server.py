"""A real server in its own process, for the tests to talk to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.harness.server import LiveServer

KEEP_UNWATCHED = ("--unwatched-minutes", "10")


def running_server(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None
) -> LiveServer:
    """A server with one training thread, which pauses after every slice (see pacing.py).

    By default its sessions start with the smallest network, and it evicts a session as soon as no
    page watches it.
    """
    options = ("--workers", "1", "--size", "original", "--unwatched-minutes", "0", *options)
    return LiveServer(folder, *options, environment=environment, module="tests.support.serve")
