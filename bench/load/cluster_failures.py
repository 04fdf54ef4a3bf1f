"""Several machines, and what becomes of the visitors when some fail: `make cluster-test`.

The machines are Ray's nodes on this one; PostgreSQL, nginx and two web processes are real, and so
are the visitors. Everything stays on this machine, and ends by itself.
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
from bench.harness.checks import Findings
from bench.harness.crowd import Watched, open_pages, p99, sliders_moving
from bench.harness.server import LiveServer
from bench.harness.socketio_client import Page

MACHINES = 3
MOST_APART = 2
MOST_SECONDS_AWAY = 10.0
MOST_SECONDS_LOST = 10.0
MOST_SECONDS_CUT = 5.0
MOST_MS = 200.0
MOST_SECONDS_WITHOUT_A_HEAD = 60.0
LEAST_SPEED = 0.9
SETTLE_SECONDS = 15.0
"""Longer than it takes until every session has been saved."""
FEW = 8
"""Sessions whose speed is compared."""
SET_EVERY = 2.0
"""Seconds between two moves of a slider, on average."""


@click.command()
@click.option("--sessions", default=60, show_default=True, help="Learning when machines fail.")
@click.option("--crowd", default=100, show_default=True, help="Sessions that move their sliders.")
@click.option("--rounds", default=3, show_default=True, help="Of the comparison of speeds.")
@click.option("--seconds", default=20.0, show_default=True, help="Of each measurement.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(sessions: int, crowd: int, rounds: int, seconds: float, json_file: Path | None) -> None:
    """Kill nodes, machines and web processes, and see what their visitors notice."""
    findings = Findings()
    programs = found_programs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            postgres.running_postgres(programs) as database,
            ray_cluster.running_cluster(MACHINES, cores=1) as ray,
            ray.web(folder / "1", database) as first,
            ray.web(folder / "2", database) as second,
            nginx.running_nginx([first.url, second.url]) as front,
        ):
            cluster = _Cluster(ray, [first, second], front.url)
            asyncio.run(_accidents(findings, cluster, sessions))
            asyncio.run(_crowd(findings, cluster, crowd, seconds))
        asyncio.run(_speeds(findings, folder, rounds, seconds))
    print(findings.as_json()) if json_file is None else json_file.write_text(findings.as_json())
    sys.exit(0 if findings.all_hold else 1)


def found_programs() -> Path:
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
    """The cluster, the web processes, and the address that visitors know."""

    def __init__(self, ray: ray_cluster.RayCluster, webs: Sequence[LiveServer], url: str) -> None:
        self.ray = ray
        self.webs = webs
        self.url = url

    async def nodes(self) -> list[dict[str, Any]]:
        """What is known of every node."""
        return await asyncio.to_thread(self.ray.nodes)

    async def fullest(self) -> dict[str, Any]:
        """The node with the most sessions."""
        return max(await self.nodes(), key=lambda node: int(node["sessions"]))

    async def command(self, *arguments: str) -> str:
        """What a command of `charnn cluster` prints."""
        return await asyncio.to_thread(self.ray.command, *arguments)


# ------------------------------------------------------------------ accidents


async def _accidents(findings: Findings, cluster: _Cluster, count: int) -> None:
    pages = await open_pages(cluster.url, count)
    for number, page in enumerate(pages):
        await page.ask("learn", {"text": f"the words of visitor {number}\nand a second line"})
    staying = [asyncio.create_task(page.stay()) for page in pages]
    await asyncio.sleep(SETTLE_SECONDS)
    await _placed(findings, cluster, count)
    for accident in (
        _node_killed,
        _machine_killed,
        _web_killed,
        _webs_restarted,
        _machine_drained,
        _directory_killed,
        _head_lost,
    ):
        await accident(findings, cluster, pages)
        for task in staying:
            if task.done():
                task.result()  # one that has given up says why
    for task in staying:
        task.cancel()
    await asyncio.gather(*(page.close() for page in pages))


async def _placed(findings: Findings, cluster: _Cluster, count: int) -> None:
    sessions = [node["sessions"] for node in await cluster.nodes()]
    findings.equal("nodes", len(sessions), MACHINES)
    findings.equal("sessions that are placed", sum(sessions), count)
    apart = max(sessions) - min(sessions)
    findings.most("sessions of the fullest node beyond the emptiest", apart, MOST_APART)


class _Accident:
    """What a crowd sees of something that happens."""

    def __init__(self, findings: Findings, name: str, pages: Sequence[Page]) -> None:
        self._findings = findings
        self._name = name
        self._pages = pages
        self._speeds: list[float] = []
        self._told = self._cuts = 0
        self._since = 0.0
        self._texts: list[str] = []

    async def about_to_happen(self) -> None:
        """Learn how things are before."""
        self._speeds = await _steps_per_second(self._pages)
        self._texts = [page.state["text"] for page in self._pages]
        self._told, self._cuts, self._since = self.told, self.cuts, time.monotonic()

    async def is_over(self) -> None:
        """Wait until all is as before."""
        await asyncio.sleep(SETTLE_SECONDS)

    def lost(self, most_seconds: float) -> None:
        """Tell how much training is lost."""
        fallen = [page.fell_by(self._since) for page in self._pages]
        lost = max(steps / speed for steps, speed in zip(fallen, self._speeds, strict=True))
        self._findings.most(f"{self._name}: most training lost", lost, most_seconds, " s")
        same = sum(
            page.state["text"] == text for page, text in zip(self._pages, self._texts, strict=True)
        )
        self._findings.equal(f"{self._name}: sessions with their text", same, len(self._pages))

    def away(self, most_seconds: float) -> None:
        """Report how long it took until all were training again."""
        away = max(page.longest_pause(self._since) for page in self._pages)
        self._findings.most(f"{self._name}: until all learn again", away, most_seconds, " s")

    def noticed(self, told: int | None = 0, cut: int | None = 0) -> None:
        """Tell how many were told of it, and how many sockets were cut; None: some."""
        news = self.told - self._told
        cuts = self.cuts - self._cuts
        self._findings.equal(f"{self._name}: told so", news, news if told is None else told)
        self._findings.equal(f"{self._name}: sockets cut", cuts, cuts if cut is None else cut)

    def back(self) -> None:
        """Tell how long those were away whose sockets were cut."""
        cuts = [cut for page in self._pages for cut in page.cuts][self._cuts :]
        longest = max(cuts, default=0.0)
        self._findings.most(f"{self._name}: until elsewhere", longest, MOST_SECONDS_CUT, " s")

    @property
    def told(self) -> int:
        return sum("has failed" in notice for page in self._pages for notice in page.notices)

    @property
    def cuts(self) -> int:
        return sum(len(page.cuts) for page in self._pages)


async def _node_killed(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    node = await cluster.fullest()
    seen = _Accident(findings, "node killed", pages)
    await seen.about_to_happen()
    os.kill(node["pid"], signal.SIGKILL)
    await seen.is_over()
    seen.away(MOST_SECONDS_AWAY)
    seen.lost(MOST_SECONDS_LOST)
    seen.noticed(told=node["sessions"])


async def _machine_killed(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    """The fullest, with everything on it; another comes in its place."""
    node = await cluster.fullest()
    seen = _Accident(findings, "machine without power", pages)
    await seen.about_to_happen()
    await asyncio.to_thread(cluster.ray.cut_off, node["machine"])
    await seen.is_over()
    seen.away(MOST_SECONDS_AWAY)
    seen.lost(MOST_SECONDS_LOST)
    seen.noticed(told=node["sessions"])
    cluster.ray.add()  # Ray wants it on this thread; the pages wait so long
    await _until_all_nodes_are_up(cluster)
    newcomers = await open_pages(cluster.url, 3)
    newest = (await cluster.nodes())[-1]
    findings.equal("new machine: newcomers that it takes", newest["sessions"], len(newcomers))
    await asyncio.gather(*(page.close() for page in newcomers))


async def _web_killed(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    seen = _Accident(findings, "web process killed", pages)
    await seen.about_to_happen()
    cluster.webs[0].kill()
    await seen.is_over()
    seen.back()
    seen.lost(0)
    seen.noticed(cut=None)
    await asyncio.to_thread(cluster.webs[0].start)


async def _webs_restarted(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    """One after the other, as for a new version."""
    seen = _Accident(findings, "rolling restart", pages)
    await seen.about_to_happen()
    for web in cluster.webs:
        code = await asyncio.to_thread(web.stop)
        findings.equal("rolling restart: exit code", code, 0)
        await asyncio.to_thread(web.start)
    await seen.is_over()
    seen.back()
    seen.lost(0)
    seen.noticed(cut=None)


async def _machine_drained(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    machine = (await cluster.fullest())["machine"]
    seen = _Accident(findings, "machine drained", pages)
    await seen.about_to_happen()
    findings.tell("machine drained", (await cluster.command("drain", machine)).strip())
    await seen.is_over()
    seen.away(MOST_SECONDS_AWAY)
    seen.lost(0)
    seen.noticed()
    left = [node for node in await cluster.nodes() if node["machine"] == machine]
    findings.equal("machine drained: nodes left on it", len(left), 0)
    await cluster.command("undrain", machine)
    await _until_all_nodes_are_up(cluster)


async def _directory_killed(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    """And a node with it, so that only the web processes know which sessions there were."""
    node = await cluster.fullest()
    seen = _Accident(findings, "directory and a node killed", pages)
    await seen.about_to_happen()
    directories = [each for each in psutil.process_iter(["cmdline"]) if _is_directory(each)]
    for process in [*directories, psutil.Process(node["pid"])]:
        process.kill()
    await seen.is_over()
    seen.away(2 * MOST_SECONDS_AWAY)
    seen.lost(MOST_SECONDS_LOST)
    seen.noticed(told=node["sessions"])


async def _head_lost(findings: Findings, cluster: _Cluster, pages: list[Page]) -> None:
    """And all of Ray with it: another begins, and web processes are started again as they end."""
    seen = _Accident(findings, "Ray's head lost", pages)
    await seen.about_to_happen()
    cluster.ray.stop()  # Ray wants it on this thread; the pages wait so long
    cluster.ray.start()
    for code in await asyncio.gather(*(asyncio.to_thread(web.wait) for web in cluster.webs)):
        findings.equal("Ray's head lost: exit code of a web process", code, 1)
    told = sum("have failed" in " ".join(page.closings) for page in pages)
    findings.equal("Ray's head lost: told why they have to wait", told, len(pages))
    for web in cluster.webs:
        await asyncio.to_thread(web.start)
    await seen.is_over()
    seen.away(MOST_SECONDS_WITHOUT_A_HEAD)
    seen.lost(MOST_SECONDS_LOST)
    seen.noticed(told=None, cut=None)  # machines go one after the other: some sessions had moved


def _is_directory(process: psutil.Process) -> bool:
    command: list[str] = process.info["cmdline"] or [""]
    return command[0] == "ray::_DirectoryActor"


async def _until_all_nodes_are_up(cluster: _Cluster) -> None:
    until = time.monotonic() + 60
    while len(await cluster.nodes()) < MACHINES:
        if time.monotonic() > until:
            raise RuntimeError("a node is missing still")


async def _steps_per_second(pages: Sequence[Page]) -> list[float]:
    watched, began = [Watched(page) for page in pages], time.monotonic()
    await asyncio.sleep(4)
    return [one.gained / (time.monotonic() - began) for one in watched]


# ------------------------------------------------------------------ a crowd, and the speed


async def _crowd(findings: Findings, cluster: _Cluster, count: int, seconds: float) -> None:
    pages = await open_pages(cluster.url, count)
    await asyncio.sleep(SETTLE_SECONDS)
    watched = [Watched(page) for page in pages]
    async with sliders_moving(pages, SET_EVERY):
        await asyncio.sleep(seconds)
    waits = sorted(1000 * wait for page in pages for wait in page.waits)
    name = f"{count} sessions:"
    findings.tell(f"{name} acknowledgement of set, median", f"{statistics.median(waits):.1f} ms")
    told = f"{name} acknowledgement of set, p99 of {len(waits)}"
    findings.most(told, p99(waits), MOST_MS, " ms")
    frames = statistics.mean(one.seen for one in watched) / seconds
    findings.tell(f"{name} frames of a page, mean", f"{frames:.2f}/s")
    await asyncio.gather(*(page.close() for page in pages))


async def _speeds(findings: Findings, folder: Path, rounds: int, seconds: float) -> None:
    """The same sessions on the same cores, in turns: in the server itself, and on a cluster."""
    ratios = []
    for number in range(rounds):
        there: dict[str, float] = {}
        for engine in random.sample(["local", "ray"], 2):
            with LiveServer(folder / f"{engine}-{number}", "--engine", engine) as server:
                there[engine] = await _total_speed(server, seconds)
        ratios.append(there["ray"] / there["local"])
    told = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    findings.tell(f"speed on Ray / speed in the server, {rounds} rounds", told)
    findings.least("the same, median", statistics.median(ratios), LEAST_SPEED)


async def _total_speed(server: LiveServer, seconds: float) -> float:
    """Steps a second of a few sessions together."""
    pages = await open_pages(server.url, FEW)
    await asyncio.sleep(SETTLE_SECONDS / 3)
    watched, began = [Watched(page) for page in pages], time.monotonic()
    await asyncio.sleep(seconds)
    speed = sum(one.gained for one in watched) / (time.monotonic() - began)
    await asyncio.gather(*(page.close() for page in pages))
    return speed


if __name__ == "__main__":
    main()
