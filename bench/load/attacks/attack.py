"""Measures an attack: what another visitor notices, and what memory the server takes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import psutil

from bench.harness.checks import Checks
from bench.harness.crowd import PageStats, open_pages, p99
from bench.harness.server import LiveServer
from bench.harness.socketio_client import ConnectionRefused, PageClient

ADDRESS = "127.0.0.2"
"""The attacker's address; the other visitor has 127.0.0.1."""
SETTLE_SECONDS = 5.0
ALONE_SECONDS = 10.0
"""How long the other visitor is measured alone."""
AFTER_SECONDS = 60.0
"""How long after the attack memory is measured."""
EVICTING = ("--unwatched-minutes", "0.2")
"""Sessions without pages leave memory before it is measured."""
SLIDER_SECONDS = 0.25
SAMPLE_SECONDS = 0.2

MIN_FRAMES, MAX_SET_MS = 2.0, 500.0
MIN_SHARE = 0.4
"""Of its training alone. Half would be fair, as the attacker trains as well."""
MAX_LEFT_MB = 150.0
"""Memory that may be left a minute after an attack, and that it may take beyond the limits."""
_LIMITS = re.compile(r"memory at most, in MB .*\btotal=(\d+)")

CLIENT_ERRORS = (aiohttp.ClientError, ConnectionError, ConnectionRefused, TimeoutError)


@dataclass
class Attacker:
    """One address that attacks a server.

    Attributes:
        url: of the server.
        outcomes: counts how the server answered: `ok`, or the code of the refusal.
    """

    url: str
    outcomes: Counter[str] = field(default_factory=Counter)
    _pages: list[PageClient] = field(default_factory=list)
    _connections: list[asyncio.StreamWriter] = field(default_factory=list)

    async def open_page(self, cookie: str = "") -> PageClient:
        """An open page of the session of this cookie, or of a new session."""
        page = PageClient(self.url, cookie, address=ADDRESS)
        self._pages.append(page)
        await page.open()
        return page

    async def ask(self, page: PageClient, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an event, and count its outcome."""
        answer = await page.ask(event, payload)
        self.outcomes["ok" if answer["ok"] else answer["code"]] += 1
        return answer

    async def request(
        self, path: str, cookie: str, headers: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a GET request; of the response, some kilobytes at most are read and buffered."""
        host = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(
            host.hostname, host.port, local_addr=(ADDRESS, 0), limit=4096
        )
        self._connections.append(writer)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host.netloc}\r\n"
            f"Cookie: charnn_session={cookie}\r\n{headers}\r\n".encode()
        )
        await writer.drain()
        return reader, writer

    @contextlib.asynccontextmanager
    async def http(self) -> AsyncIterator[aiohttp.ClientSession]:
        """An HTTP client with a connection pool without a limit."""
        connector = aiohttp.TCPConnector(limit=0, local_addr=(ADDRESS, 0))
        async with aiohttp.ClientSession(self.url, connector=connector) as session:
            yield session

    async def leave(self) -> None:
        """Close all pages and connections."""
        for page in self._pages:
            await page.close()
        for connection in self._connections:
            connection.close()


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes:
        name: what it does, in a few words.
        run: carries it out until it is cancelled, or once.
        seconds: how long it is measured.
        options: further options of `charnn serve`.
        min_share: least training of the other visitor over that alone.
    """

    name: str
    run: Callable[[Attacker], Awaitable[None]]
    seconds: float = 20.0
    options: tuple[str, ...] = ()
    min_share: float = MIN_SHARE


class Impact(NamedTuple):
    """What an attack did.

    Attributes:
        attack: the attack.
        outcomes: how the server answered the attacker.
        frames: frames of the other visitor's page per second.
        set_ms: 99th percentile of the latency of its `set` events.
        share: its training during the attack over that alone.
        before_mb: memory of the server and its children before.
        peak_mb: at most, during the attack.
        after_mb: a minute after the attack.
        limit_mb: the sum of the server's limits, as it logs them at its start.
    """

    attack: Attack
    outcomes: Counter[str]
    frames: float
    set_ms: float
    share: float
    before_mb: float
    peak_mb: float
    after_mb: float
    limit_mb: float

    def check(self, checks: Checks) -> None:
        """Compare with the limits."""
        name = f"{self.attack.name}:"
        checks.info(f"{name} answers", ", ".join(f"{n} {w}" for w, n in self.outcomes.items()))
        checks.at_least(f"{name} frames of another page", self.frames, MIN_FRAMES, "/s")
        checks.at_most(f"{name} its set, p99", self.set_ms, MAX_SET_MS, " ms")
        checks.at_least(f"{name} its training over alone", self.share, self.attack.min_share)
        most = self.before_mb + self.limit_mb + MAX_LEFT_MB
        checks.at_most(f"{name} memory at most", self.peak_mb, most, " MB")
        left = self.after_mb - self.before_mb
        checks.at_most(f"{name} memory left a minute later", left, MAX_LEFT_MB, " MB")


def table(impacts: list[Impact]) -> str:
    """All attacks, a row each."""
    head = ("attack", "frames/s", "set p99", "training", "before", "peak", "after 60 s")
    rows = [head] + [
        (
            each.attack.name,
            f"{each.frames:.1f}",
            f"{each.set_ms:.0f} ms",
            f"{each.share:.2f}",
            *(f"{mb:.0f} MB" for mb in (each.before_mb, each.peak_mb, each.after_mb)),
        )
        for each in impacts
    ]
    return "\n".join(f"{name:48}" + "".join(f"{cell:>12}" for cell in row) for name, *row in rows)


async def measure(attack: Attack, folder: Path) -> Impact:
    """Carry out an attack on a new server."""
    with LiveServer(folder, *EVICTING, *attack.options) as server:
        (page,) = await open_pages(server.url, 1)
        await asyncio.sleep(SETTLE_SECONDS)
        alone, before_mb = await _steps_per_second(page, ALONE_SECONDS), _tree_mb(server)
        attacker = Attacker(server.url)
        sampling = asyncio.create_task(_peak(server))
        waits: list[float] = []
        moving = asyncio.create_task(_move_slider(page, waits))
        attacking = asyncio.create_task(_attack(attack, attacker))
        stats, began = PageStats(page), time.monotonic()
        await asyncio.sleep(attack.seconds)
        seconds = time.monotonic() - began
        frames, steps = stats.seen / seconds, stats.gained / seconds
        peak_mb = await _end(sampling)
        for task in (attacking, moving):
            await _end(task)
        await attacker.leave()
        await asyncio.sleep(AFTER_SECONDS)
        after_mb = _tree_mb(server)
        limit = _LIMITS.search(server.log)
        await page.close()
    return Impact(
        attack=attack,
        outcomes=attacker.outcomes,
        frames=frames,
        set_ms=1000 * p99(sorted(waits)),
        share=steps / alone,
        before_mb=before_mb,
        peak_mb=peak_mb or after_mb,
        after_mb=after_mb,
        limit_mb=float(limit[1]) if limit else 0.0,
    )


async def _attack(attack: Attack, attacker: Attacker) -> None:
    """Carry out an attack; the server may refuse it."""
    try:
        await attack.run(attacker)
    except CLIENT_ERRORS as error:
        attacker.outcomes[type(error).__name__] += 1


async def _steps_per_second(page: PageClient, seconds: float) -> float:
    stats, began = PageStats(page), time.monotonic()
    await asyncio.sleep(seconds)
    return stats.gained / (time.monotonic() - began)


async def _move_slider(page: PageClient, waits: list[float]) -> None:
    """Send `set` events; one without an answer counts with the time until the end."""
    while True:
        began = time.monotonic()
        try:
            await page.ask("set", {"temperature": random.uniform(0.5, 1.5)})  # noqa: S311
        finally:
            waits.append(time.monotonic() - began)
        await asyncio.sleep(SLIDER_SECONDS)


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
    process, total = psutil.Process(server.process.pid), 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it has ended
            total += each.memory_full_info().pss
    return total / 1e6
