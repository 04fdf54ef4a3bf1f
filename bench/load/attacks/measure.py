"""Measures an attack: what another visitor notices, and what memory the server takes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench.harness.checks import Checks
from bench.harness.crowd import PageStats, p99
from bench.harness.server import LiveServer
from bench.harness.socketio_client import PageClient
from bench.load.attacks.attack import CLIENT_ERRORS, Attack
from bench.load.attacks.process import AttackProcess

SETTLE_SECONDS = 5.0
ALONE_SECONDS = 10.0
"""How long the other visitor is measured alone."""
AFTER_SECONDS = 60.0
"""How long after the attack memory must be back, at most."""
LIMITS = ("--unwatched-minutes", "0.2", "--max-sessions-per-address", "256")
"""Sessions without pages leave memory soon; an address has the default number of sessions."""
SLIDER_SECONDS = 0.1
SAMPLE_SECONDS = 0.5

MIN_FRAMES, MAX_SET_MS = 2.0, 500.0
MAX_LEFT_MB = 150.0
"""Memory that may be left a minute after an attack, and that it may take beyond the limits."""
MAX_NEWCOMER_SECONDS = 10.0
"""Until the network of a visitor who comes after an attack trains."""
_LIMITS = re.compile(r"memory at most, in MB .*\btotal=(\d+)")


class Cores(NamedTuple):
    """Processor time per second."""

    server: float
    attacker: float
    others: float


class Impact(NamedTuple):
    """What an attack did.

    Attributes:
        attack: the attack.
        outcomes: how the server answered the attacker.
        cores: processor time per second of the server, of the attacker, and of other programs:
            what those take, the server lacks.
        frames: frames of the other visitor's page per second.
        set_ms: 99th percentile of the latency of its `set` events.
        share: its training during the attack over that alone.
        before_mb: memory of the server and its children before.
        peak_mb: at most, during the attack.
        after_mb: when it is back, or a minute after the attack.
        limit_mb: the sum of the server's limits, as it logs them at its start.
        newcomer_seconds: after the attack, until the network of a new visitor trains.
    """

    attack: Attack
    outcomes: Counter[str]
    cores: Cores
    frames: float
    set_ms: float
    share: float
    before_mb: float
    peak_mb: float
    after_mb: float
    limit_mb: float
    newcomer_seconds: float

    def check(self, checks: Checks) -> None:
        """Compare with the limits."""
        name = f"{self.attack.name}:"
        checks.info(f"{name} answers", ", ".join(f"{n} {w}" for w, n in self.outcomes.items()))
        cores = " + ".join(f"{each:.2f}" for each in self.cores)
        checks.info(f"{name} cores of server, attacker and others", cores)
        checks.at_least(f"{name} frames of another page", self.frames, MIN_FRAMES, "/s")
        checks.at_most(f"{name} its set, p99", self.set_ms, MAX_SET_MS, " ms")
        checks.at_least(f"{name} its training over alone", self.share, self.attack.min_share)
        most = self.before_mb + self.limit_mb + MAX_LEFT_MB
        checks.at_most(f"{name} memory at most", self.peak_mb, most, " MB")
        left = self.after_mb - self.before_mb
        checks.at_most(f"{name} memory left within a minute", left, MAX_LEFT_MB, " MB")
        seconds = self.newcomer_seconds
        checks.at_most(f"{name} a new visitor trains after", seconds, MAX_NEWCOMER_SECONDS, " s")


def table(impacts: list[Impact]) -> str:
    """All attacks, a row each."""
    head = ("attack", "frames/s", "set p99", "training", "cores", "before", "peak", "after")
    rows = [head] + [
        (
            each.attack.name,
            f"{each.frames:.1f}",
            f"{each.set_ms:.0f} ms",
            f"{each.share:.2f}",
            "+".join(f"{cores:.1f}" for cores in each.cores),
            *(f"{mb:.0f} MB" for mb in (each.before_mb, each.peak_mb, each.after_mb)),
        )
        for each in impacts
    ]
    return "\n".join(f"{name:48}" + "".join(f"{cell:>12}" for cell in row) for name, *row in rows)


async def measure(attack: Attack, folder: Path) -> Impact:
    """Carry out an attack on a new server."""
    options = (*LIMITS, *attack.options, *(("--token", attack.token) if attack.token else ()))
    with LiveServer(folder, *options, files=attack.files) as server:
        page = PageClient(server.url, token=attack.token)
        await page.open()
        await page.wait_until(lambda state: state["steps"] > 0, seconds=60)
        waits: list[float] = []
        moving = asyncio.create_task(_move_slider(page, waits))
        attacker = await AttackProcess.start(attack, server.url)
        await asyncio.sleep(SETTLE_SECONDS)
        _, alone = await _frames_and_steps(page, ALONE_SECONDS)
        before_mb = _tree_mb(server)
        sampling = asyncio.create_task(_peak(server))
        waits.clear()
        began = _CpuSeconds.now(server, attacker)
        attacker.begin()
        frames, steps = await _frames_and_steps(page, attack.seconds)
        cores = _CpuSeconds.now(server, attacker).cores_since(began)
        peak_mb = await _end(sampling)
        await _end(moving)
        outcomes = await attacker.end()
        newcomer_seconds = await _newcomer_seconds(server, attack)
        after_mb = await _after(server, before_mb)
        limit = _LIMITS.search(server.log)
        await page.close()
    return Impact(
        attack=attack,
        outcomes=outcomes,
        cores=cores,
        frames=frames,
        set_ms=1000 * p99(sorted(waits)),
        share=steps / alone,
        before_mb=before_mb,
        peak_mb=peak_mb or after_mb,
        after_mb=after_mb,
        limit_mb=float(limit[1]) if limit else 0.0,
        newcomer_seconds=newcomer_seconds,
    )


class _CpuSeconds(NamedTuple):
    """Processor time so far, in seconds, and when that was."""

    at: float
    server: float
    attacker: float
    own: float
    machine: float

    @classmethod
    def now(cls, server: LiveServer, attacker: AttackProcess) -> _CpuSeconds:
        machine = psutil.cpu_times()
        return cls(
            at=time.monotonic(),
            server=sum(map(_seconds_of, _tree(server))),
            attacker=_seconds_of(attacker.usage),
            own=time.process_time(),
            machine=sum(machine) - machine.idle - machine.iowait - machine.guest,
        )

    def cores_since(self, began: _CpuSeconds) -> Cores:
        at, server, attacker, own, machine = (
            now - then for now, then in zip(self, began, strict=True)
        )
        others = max(0.0, machine - server - attacker - own)
        return Cores(server / at, attacker / at, others / at)


def _seconds_of(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):  # it has ended
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


async def _frames_and_steps(page: PageClient, seconds: float) -> tuple[float, float]:
    """The page's frames and its network's steps, per second."""
    stats, began = PageStats(page), time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    return stats.seen / passed, stats.gained / passed


async def _move_slider(page: PageClient, waits: list[float]) -> None:
    """Send `set` events; one without an answer counts with the time until the end."""
    while True:
        began = time.monotonic()
        try:
            await page.ask("set", {"temperature": random.uniform(0.5, 1.5)})  # noqa: S311
        finally:
            waits.append(time.monotonic() - began)
        await asyncio.sleep(SLIDER_SECONDS)


async def _newcomer_seconds(server: LiveServer, attack: Attack) -> float:
    """Seconds until the network of a new visitor trains; infinite if it does not."""
    began = time.monotonic()
    while time.monotonic() - began < 3 * MAX_NEWCOMER_SECONDS:
        page = PageClient(server.url, token=attack.token)
        try:
            async with asyncio.timeout(MAX_NEWCOMER_SECONDS):
                await page.open()
                if await page.wait_until(lambda state: state["steps"] > 0):
                    return time.monotonic() - began
        except CLIENT_ERRORS:
            await asyncio.sleep(0.2)
        finally:
            await page.close()
    return float("inf")


async def _after(server: LiveServer, before_mb: float) -> float:
    """Memory as soon as it is back, or a minute later."""
    until = time.monotonic() + AFTER_SECONDS
    while (after_mb := _tree_mb(server)) > before_mb + MAX_LEFT_MB and time.monotonic() < until:
        await asyncio.sleep(SAMPLE_SECONDS)
    return after_mb


async def _peak(server: LiveServer) -> float:
    """The memory at most, until cancelled."""
    peak = 0.0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            peak = max(peak, await asyncio.to_thread(_tree_mb, server))
            await asyncio.sleep(SAMPLE_SECONDS)
    return peak


async def _end(task: asyncio.Task[Any]) -> Any:
    """Cancel a task; returns its result if it has one."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, *CLIENT_ERRORS):
        return await task
    return None


def _tree_mb(server: LiveServer) -> float:
    """Memory of the server and its child processes, shared pages once, in 10**6 bytes."""
    total = 0
    for each in _tree(server):
        with contextlib.suppress(psutil.Error):  # it has ended
            total += each.memory_full_info().pss
    return total / 1e6


def _tree(server: LiveServer) -> tuple[psutil.Process, ...]:
    process = psutil.Process(server.process.pid)
    return (process, *process.children(recursive=True))
