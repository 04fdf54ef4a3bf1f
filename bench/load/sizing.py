"""Resources per session, for sizing a cluster: `make sizing`.

One core trains; the web process, PostgreSQL and the simulated pages use the others.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import psutil
import psycopg

from bench.harness import postgres, ray_cluster
from bench.harness.crowd import PageStats, open_pages, p99, sliders_moving
from bench.harness.server import LiveServer
from bench.harness.socketio_client import PageClient
from bench.load.cluster_failures import require_programs

SETTLE_SECONDS = 15.0
SET_EVERY = 5.0
"""Mean seconds between two `set` events of a page."""
MB = 1e6
WRITTEN = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
"""Bytes written to the database's WAL."""
COLUMNS = (
    ("sessions", "sessions", "d"),
    ("characters/s", "characters", ",.0f"),
    ("of a session", "characters_of_each", ",.0f"),
    ("frames/s", "frames", ".2f"),
    ("p99 ms", "p99_ms", ".0f"),
    ("training cores", "training_cores", ".2f"),
    ("web cores", "web_cores", ".2f"),
    ("database cores", "database_cores", ".3f"),
    ("node MB", "node_mb", ",.0f"),
    ("web MB", "web_mb", ",.0f"),
    ("writes MB/s", "written_mb", ".2f"),
    ("to a page KB/s", "sent_kb", ".2f"),
)


@dataclass(frozen=True)
class Size:
    """Throughput and resource usage with so many sessions.

    Attributes:
        sessions: number of sessions in training, each watched by a page.
        characters: characters per second of all sessions.
        characters_of_each: characters per second of the median session.
        frames: frames per second of the mean page.
        p99_ms: 99th percentile of the latency of `set` in milliseconds.
        training_cores: cores used by the node; web_cores, database_cores: likewise.
        node_mb: memory of the node in 10**6 bytes; web_mb: likewise.
        written_mb: WAL written per second in 10**6 bytes.
        sent_kb: data sent to a page per second, before compression, in 10**3 bytes.
    """

    sessions: int
    characters: float
    characters_of_each: float
    frames: float
    p99_ms: float
    training_cores: float
    web_cores: float
    database_cores: float
    node_mb: float
    web_mb: float
    written_mb: float
    sent_kb: float


@click.command()
@click.option("--sessions", default="25,50,100,200", show_default=True, help="One after another.")
@click.option("--seconds", default=20.0, show_default=True, help="Of each measurement.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(sessions: str, seconds: float, json_file: Path | None) -> None:
    """Measure the load of sessions on the node, the web process and the database."""
    counts = [int(count) for count in sessions.split(",")]
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.running_postgres(require_programs()) as database,
        ray_cluster.running_cluster(1, cores=1) as cluster,
        cluster.web(Path(folder), database) as server,
        psycopg.connect(database.url, autocommit=True) as connection,
    ):
        node = psutil.Process(cluster.nodes()[0]["pid"])
        processes = _Processes(server, node, psutil.Process(database.pid), connection)
        print("  ".join(f"{name:>14}" for name, _, _ in COLUMNS), flush=True)
        sizes = asyncio.run(_measured(processes, counts, seconds))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(size) for size in sizes], indent=1))


class _Processes:
    """The processes of a cluster and their resource usage."""

    def __init__(
        self,
        server: LiveServer,
        node: psutil.Process,
        database: psutil.Process,
        connection: psycopg.Connection,
    ) -> None:
        self.server = server
        self.node = node
        self._web = psutil.Process(server.process.pid)
        self._database = database
        self._connection = connection

    def taken(self) -> list[float]:
        """CPU seconds of node, web process and database, and bytes written."""
        written = self._connection.execute(WRITTEN).fetchone()
        return [
            _seconds(self.node),
            _seconds(self._web),
            sum(map(_seconds, [self._database, *self._database.children()])),
            float(written[0] if written else 0),
        ]


def _seconds(process: psutil.Process) -> float:
    """The CPU seconds of a process."""
    taken = process.cpu_times()
    return taken.user + taken.system


async def _measured(processes: _Processes, counts: Sequence[int], seconds: float) -> list[Size]:
    pages: list[PageClient] = []
    sizes = []
    for count in counts:
        pages += await open_pages(processes.server.url, count - len(pages))
        await asyncio.sleep(SETTLE_SECONDS)
        sizes.append(await _size(processes, pages, seconds))
        row = asdict(sizes[-1])
        print("  ".join(f"{row[field]:>14{form}}" for _, field, form in COLUMNS), flush=True)
    await asyncio.gather(*(page.close() for page in pages))
    return sizes


async def _size(processes: _Processes, pages: Sequence[PageClient], seconds: float) -> Size:
    stats = [PageStats(page) for page in pages]
    async with sliders_moving(pages, SET_EVERY):
        before, sent, began = (
            processes.taken(),
            sum(page.received for page in pages),
            time.monotonic(),
        )
        await asyncio.sleep(seconds)
        passed, after = time.monotonic() - began, processes.taken()
        sent = sum(page.received for page in pages) - sent
    node, web_process, database, written = (
        (now - then) / passed for now, then in zip(after, before, strict=True)
    )
    waits = sorted(wait for page in pages for wait in page.waits)
    speeds = [page.state["characters_per_second"] or 0.0 for page in pages]
    return Size(
        sessions=len(pages),
        characters=sum(speeds),
        characters_of_each=statistics.median(speeds),
        frames=statistics.mean(one.seen for one in stats) / passed,
        p99_ms=1000 * p99(waits),
        training_cores=node,
        web_cores=web_process,
        database_cores=database,
        node_mb=processes.node.memory_info().rss / MB,
        web_mb=processes.server.resident_mb,
        written_mb=written / MB,
        sent_kb=sent / passed / len(pages) / 1000,
    )


if __name__ == "__main__":
    main()
