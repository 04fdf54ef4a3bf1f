"""Failures of a cluster, and their effect on its pages: `make cluster-test`.

The machines are Ray nodes on this one, with PostgreSQL, nginx and two web processes.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import psutil

from bench.harness import nginx, postgres, ray_cluster
from bench.harness.checks import Checks
from bench.harness.crowd import PageStats, open_pages, p99, sliders_moving
from bench.harness.server import LiveServer, running_together
from bench.harness.socketio_client import PageClient

MACHINES = 3
MOST_APART = 2
MOST_SECONDS_AWAY = 10.0
MOST_SECONDS_LOST = 10.0
MOST_SECONDS_CUT = 5.0
MOST_MS = 200.0
MOST_SECONDS_WITHOUT_A_HEAD = 60.0
LEAST_SPEED = 0.9
SETTLE_SECONDS = 15.0
"""Longer than it takes to save every session."""
FEW = 8
"""Number of sessions in the comparison of speeds."""
SET_EVERY = 2.0
"""Mean seconds between two `set` events of a page."""


@click.command()
@click.option("--sessions", default=60, show_default=True, help="Learning when machines fail.")
@click.option("--crowd", default=100, show_default=True, help="Sessions that move their sliders.")
@click.option("--rounds", default=3, show_default=True, help="Of the comparison of speeds.")
@click.option("--seconds", default=20.0, show_default=True, help="Of each measurement.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(sessions: int, crowd: int, rounds: int, seconds: float, json_file: Path | None) -> None:
    """Kill nodes, machines and web processes, and measure the effect on pages."""
    checks = Checks()
    programs = require_programs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            postgres.running_postgres(programs) as database,
            ray_cluster.running_cluster(MACHINES, cores=1) as ray,
            running_together(
                ray.web(folder / "1", database), ray.web(folder / "2", database)
            ) as webs,
            nginx.running_nginx([web.url for web in webs]) as front,
        ):
            cluster = _Cluster(ray, webs, front.url)
            asyncio.run(_failures(checks, cluster, sessions))
            asyncio.run(_crowd(checks, cluster, crowd, seconds))
        asyncio.run(_speeds(checks, folder, rounds, seconds))
    print(checks.as_json()) if json_file is None else json_file.write_text(checks.as_json())
    sys.exit(0 if checks.all_passed else 1)


def require_programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        click.ClickException: something is not installed.
    """
    programs = postgres.find_programs()
    missing = [
        reason
        for reason, there in (
            (postgres.NOT_INSTALLED, programs),
            (nginx.NOT_INSTALLED, nginx.find_program()),
            (ray_cluster.NOT_INSTALLED, ray_cluster.ray_is_installed()),
        )
        if not there
    ]
    if programs is None or missing:
        raise click.ClickException(" ".join(missing))
    return programs


class _Cluster:
    """The Ray cluster, the web processes, and the URL of nginx."""

    def __init__(self, ray: ray_cluster.RayCluster, webs: Sequence[LiveServer], url: str) -> None:
        self.ray = ray
        self.webs = webs
        self.url = url

    async def nodes(self) -> list[dict[str, Any]]:
        """The status of every node."""
        return await asyncio.to_thread(self.ray.nodes)

    async def fullest(self) -> dict[str, Any]:
        """The node with the most sessions."""
        return max(await self.nodes(), key=lambda node: int(node["sessions"]))

    async def command(self, *arguments: str) -> str:
        """The output of a `charnn cluster` command."""
        return await asyncio.to_thread(self.ray.command, *arguments)


# ------------------------------------------------------------------ failures


async def _failures(checks: Checks, cluster: _Cluster, count: int) -> None:
    pages = await open_pages(cluster.url, count)
    for number, page in enumerate(pages):
        await page.ask("learn", {"text": f"the words of visitor {number}\nand a second line"})
    staying = [asyncio.create_task(page.stay_connected()) for page in pages]
    await asyncio.sleep(SETTLE_SECONDS)
    await _placed(checks, cluster, count)
    for cause in (
        _node_killed,
        _machine_killed,
        _web_killed,
        _webs_restarted,
        _machine_drained,
        _directory_killed,
        _head_lost,
    ):
        await cause(checks, cluster, pages)
        for task in staying:
            if task.done():
                task.result()  # raises the error of one that gave up
    for task in staying:
        task.cancel()
    await asyncio.gather(*(page.close() for page in pages))


async def _placed(checks: Checks, cluster: _Cluster, count: int) -> None:
    sessions = [node["sessions"] for node in await cluster.nodes()]
    checks.equal("nodes", len(sessions), MACHINES)
    checks.equal("placed sessions", sum(sessions), count)
    apart = max(sessions) - min(sessions)
    checks.at_most("difference of sessions between nodes", apart, MOST_APART)


class _Failure:
    """The effect of a failure on the pages."""

    def __init__(self, checks: Checks, name: str, pages: Sequence[PageClient]) -> None:
        self._checks = checks
        self._name = name
        self._pages = pages
        self._speeds: list[float] = []
        self._notified = self._cuts = 0
        self._since = 0.0
        self._texts: list[str] = []

    async def begin(self) -> None:
        """Record the state before the failure."""
        self._speeds = await _steps_per_second(self._pages)
        self._texts = [page.state["text"] for page in self._pages]
        self._notified, self._cuts, self._since = self.notified, self.cuts, time.monotonic()

    async def settle(self) -> None:
        """Wait for the recovery."""
        await asyncio.sleep(SETTLE_SECONDS)

    def check_lost_training(self, most_seconds: float) -> None:
        """Check the training lost."""
        fallen = [page.lost_steps(self._since) for page in self._pages]
        lost = max(steps / speed for steps, speed in zip(fallen, self._speeds, strict=True))
        self._checks.at_most(f"{self._name}: most training lost", lost, most_seconds, " s")
        same = sum(
            page.state["text"] == text for page, text in zip(self._pages, self._texts, strict=True)
        )
        self._checks.equal(f"{self._name}: sessions with their text", same, len(self._pages))

    def check_recovery(self, most_seconds: float) -> None:
        """Check the time until all sessions train again."""
        away = max(page.longest_pause(self._since) for page in self._pages)
        self._checks.at_most(f"{self._name}: time until all train again", away, most_seconds, " s")

    def check_notices(self, notified: int | None = 0, cut: int | None = 0) -> None:
        """Check the number of notices and of closed sockets; None: any number."""
        news = self.notified - self._notified
        cuts = self.cuts - self._cuts
        self._checks.equal(f"{self._name}: notices", news, news if notified is None else notified)
        self._checks.equal(f"{self._name}: closed sockets", cuts, cuts if cut is None else cut)

    def check_reconnects(self) -> None:
        """Check the time until closed sockets were reconnected."""
        cuts = [cut for page in self._pages for cut in page.cuts][self._cuts :]
        longest = max(cuts, default=0.0)
        self._checks.at_most(f"{self._name}: time to reconnect", longest, MOST_SECONDS_CUT, " s")

    @property
    def notified(self) -> int:
        return sum("has failed" in notice for page in self._pages for notice in page.notices)

    @property
    def cuts(self) -> int:
        return sum(len(page.cuts) for page in self._pages)


async def _node_killed(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    node = await cluster.fullest()
    failure = _Failure(checks, "node killed", pages)
    await failure.begin()
    os.kill(node["pid"], signal.SIGKILL)
    await failure.settle()
    failure.check_recovery(MOST_SECONDS_AWAY)
    failure.check_lost_training(MOST_SECONDS_LOST)
    failure.check_notices(notified=node["sessions"])


async def _machine_killed(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    """Kill the machine with the most sessions, and add another."""
    node = await cluster.fullest()
    failure = _Failure(checks, "machine killed", pages)
    await failure.begin()
    await asyncio.to_thread(cluster.ray.kill_machine, node["machine"])
    await failure.settle()
    failure.check_recovery(MOST_SECONDS_AWAY)
    failure.check_lost_training(MOST_SECONDS_LOST)
    failure.check_notices(notified=node["sessions"])
    cluster.ray.add()  # on this thread, as Ray requires; the pages wait meanwhile
    await _until_all_nodes_are_up(cluster)
    newcomers = await open_pages(cluster.url, 3)
    newest = (await cluster.nodes())[-1]
    checks.equal("new machine: new sessions that it gets", newest["sessions"], len(newcomers))
    await asyncio.gather(*(page.close() for page in newcomers))


async def _web_killed(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    failure = _Failure(checks, "web process killed", pages)
    await failure.begin()
    cluster.webs[0].kill()
    await failure.settle()
    failure.check_reconnects()
    failure.check_lost_training(0)
    failure.check_notices(cut=None)
    await asyncio.to_thread(cluster.webs[0].start)


async def _webs_restarted(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    """Restart the web processes one by one."""
    failure = _Failure(checks, "rolling restart", pages)
    await failure.begin()
    for web in cluster.webs:
        code = await asyncio.to_thread(web.stop)
        checks.equal("rolling restart: exit code", code, 0)
        await asyncio.to_thread(web.start)
    await failure.settle()
    failure.check_reconnects()
    failure.check_lost_training(0)
    failure.check_notices(cut=None)


async def _machine_drained(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    machine = (await cluster.fullest())["machine"]
    failure = _Failure(checks, "machine drained", pages)
    await failure.begin()
    checks.info("machine drained", (await cluster.command("drain", machine)).strip())
    await failure.settle()
    failure.check_recovery(MOST_SECONDS_AWAY)
    failure.check_lost_training(0)
    failure.check_notices()
    left = [node for node in await cluster.nodes() if node["machine"] == machine]
    checks.equal("machine drained: nodes left on it", len(left), 0)
    await cluster.command("undrain", machine)
    await _until_all_nodes_are_up(cluster)


async def _directory_killed(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    """Kill a node too, so that only the web processes know its sessions."""
    node = await cluster.fullest()
    failure = _Failure(checks, "directory and a node killed", pages)
    await failure.begin()
    directories = [each for each in psutil.process_iter(["cmdline"]) if _is_directory(each)]
    for process in [*directories, psutil.Process(node["pid"])]:
        process.kill()
    await failure.settle()
    failure.check_recovery(2 * MOST_SECONDS_AWAY)
    failure.check_lost_training(MOST_SECONDS_LOST)
    failure.check_notices(notified=node["sessions"])


async def _head_lost(checks: Checks, cluster: _Cluster, pages: list[PageClient]) -> None:
    """Stop the whole cluster and start another; restart the web processes as they exit."""
    failure = _Failure(checks, "Ray's head lost", pages)
    await failure.begin()
    cluster.ray.stop()  # on this thread, as Ray requires; the pages wait meanwhile
    cluster.ray.start()
    for code in await asyncio.gather(*(asyncio.to_thread(web.wait) for web in cluster.webs)):
        checks.equal("Ray's head lost: exit code of a web process", code, 1)
    notified = sum("have failed" in " ".join(page.closings) for page in pages)
    checks.equal("Ray's head lost: pages notified", notified, len(pages))
    for web in cluster.webs:
        await asyncio.to_thread(web.start)
    await failure.settle()
    failure.check_recovery(MOST_SECONDS_WITHOUT_A_HEAD)
    failure.check_lost_training(MOST_SECONDS_LOST)
    # The machines end one by one, so that some sessions had moved.
    failure.check_notices(notified=None, cut=None)


def _is_directory(process: psutil.Process) -> bool:
    command: list[str] = process.info["cmdline"] or [""]
    return command[0] == "ray::_DirectoryActor"


async def _until_all_nodes_are_up(cluster: _Cluster) -> None:
    until = time.monotonic() + 60
    while len(await cluster.nodes()) < MACHINES:
        if time.monotonic() > until:
            raise RuntimeError("a node is missing")


async def _steps_per_second(pages: Sequence[PageClient]) -> list[float]:
    stats, began = [PageStats(page) for page in pages], time.monotonic()
    await asyncio.sleep(4)
    return [one.gained / (time.monotonic() - began) for one in stats]


# ------------------------------------------------------------------ a crowd, and the speed


async def _crowd(checks: Checks, cluster: _Cluster, count: int, seconds: float) -> None:
    pages = await open_pages(cluster.url, count)
    await asyncio.sleep(SETTLE_SECONDS)
    stats = [PageStats(page) for page in pages]
    async with sliders_moving(pages, SET_EVERY):
        await asyncio.sleep(seconds)
    waits = sorted(1000 * wait for page in pages for wait in page.waits)
    name = f"{count} sessions:"
    checks.info(f"{name} acknowledgement of set, median", f"{statistics.median(waits):.1f} ms")
    label = f"{name} acknowledgement of set, p99 of {len(waits)}"
    checks.at_most(label, p99(waits), MOST_MS, " ms")
    frames = statistics.mean(one.seen for one in stats) / seconds
    checks.info(f"{name} frames of a page, mean", f"{frames:.2f}/s")
    await asyncio.gather(*(page.close() for page in pages))


async def _speeds(checks: Checks, folder: Path, rounds: int, seconds: float) -> None:
    """Compare local engine and cluster, alternating, with equal sessions and cores."""
    ratios = []
    for number in range(rounds):
        there: dict[str, float] = {}
        for engine in random.sample(["local", "ray"], 2):
            with LiveServer(folder / f"{engine}-{number}", "--engine", engine) as server:
                there[engine] = await _total_speed(server, seconds)
        ratios.append(there["ray"] / there["local"])
    label = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    checks.info(f"speed on Ray / speed in the server, {rounds} rounds", label)
    checks.at_least("median of the ratios", statistics.median(ratios), LEAST_SPEED)


async def _total_speed(server: LiveServer, seconds: float) -> float:
    """Total steps per second of a few sessions."""
    pages = await open_pages(server.url, FEW)
    await asyncio.sleep(SETTLE_SECONDS / 3)
    stats, began = [PageStats(page) for page in pages], time.monotonic()
    await asyncio.sleep(seconds)
    speed = sum(one.gained for one in stats) / (time.monotonic() - began)
    await asyncio.gather(*(page.close() for page in pages))
    return speed


if __name__ == "__main__":
    main()
