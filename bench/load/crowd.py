"""Load test of one server: `make load`."""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from bench.harness.checks import Checks
from bench.harness.crowd import PageStats, open_pages, p99, sliders_moving
from bench.harness.server import LiveServer
from bench.harness.socketio_client import CONNECT_FRAME, SOCKET_PATH, UPGRADE, PageClient

SETTLE_SECONDS = 8.0
SET_EVERY = 5.0
"""Mean seconds between two `set` events of a page."""
FEW = 2


@click.command()
@click.option("--sessions", default=200, show_default=True, help="Pages, each its own session.")
@click.option("--seconds", default=60.0, show_default=True, help="Length of each measurement.")
@click.option("--async-mode", default="eventlet", show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(sessions: int, seconds: float, async_mode: str, json_file: Path | None) -> None:
    """Measure a server with many sessions, and with a page that stops reading."""
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        options = ("--async-mode", async_mode)
        with LiveServer(Path(folder) / "few", *options) as server:
            few, _ = asyncio.run(_crowd(server, FEW, seconds / 2))
        with LiveServer(Path(folder) / "many", *options) as server:
            many, pages = asyncio.run(_crowd(server, sessions, seconds))
            memory = server.peak_resident_mb
        _tell(checks, sessions, pages, seconds, many / few, memory)
        with LiveServer(Path(folder) / "stopped", *options) as server:
            asyncio.run(_stopped_reader(checks, server, seconds))
    print(checks.as_json()) if json_file is None else json_file.write_text(checks.as_json())
    sys.exit(0 if checks.all_passed else 1)


async def _crowd(
    server: LiveServer, count: int, seconds: float
) -> tuple[float, list[tuple[int, int, list[float]]]]:
    """Total steps per second; and steps, frames and latencies of each page."""
    pages = await open_pages(server.url, count)
    await asyncio.sleep(SETTLE_SECONDS)
    stats, began = [PageStats(page) for page in pages], time.monotonic()
    async with sliders_moving(pages, SET_EVERY):
        await asyncio.sleep(seconds)
        passed = time.monotonic() - began
        each = [(one.gained, one.seen, list(one.page.waits)) for one in stats]
    await asyncio.gather(*(page.close() for page in pages))
    return sum(gained for gained, _, _ in each) / passed, each


def _tell(
    checks: Checks,
    sessions: int,
    pages: Sequence[tuple[int, int, list[float]]],
    seconds: float,
    speed: float,
    memory: float,
) -> None:
    gains = [gained for gained, _, _ in pages]
    waits = sorted(wait for _, _, page_waits in pages for wait in page_waits)
    frames = [seen / seconds for _, seen, _ in pages]
    name = f"{sessions} sessions:"
    checks.at_least(f"{name} frames of the slowest page", min(frames), 1, "/s")
    checks.info(f"{name} frames of a page, mean", f"{statistics.mean(frames):.2f}/s")
    checks.info(f"{name} acknowledgement of set, median", f"{_median_ms(waits):.1f} ms")
    checks.at_most(
        f"{name} acknowledgement of set, p99 of {len(waits)}", 1000 * p99(waits), 150, " ms"
    )
    share = min(gains) / statistics.mean(gains)
    checks.at_least(f"{name} smallest share over the mean", share, 0.5)
    checks.at_least(f"{name} all together over {FEW} sessions", speed, 0.8)
    checks.at_most(f"{name} resident memory at its most", memory, 1500, " MB")


def _median_ms(waits: Sequence[float]) -> float:
    return statistics.median(waits) * 1000


async def _stopped_reader(checks: Checks, server: LiveServer, seconds: float) -> None:
    """One page stops reading; another session goes on, and the server's memory is stats."""
    (other,) = await open_pages(server.url, 1)
    await asyncio.sleep(SETTLE_SECONDS)
    before, frames = server.resident_mb, len(other.frames)
    await asyncio.sleep(seconds / 2)
    rate = (len(other.frames) - frames) / (seconds / 2)
    control = server.resident_mb - before
    stopped = _stop_reading(server.url, (await _same_session(server)).cookie)
    await asyncio.sleep(2.0)  # its session is loaded and its first frames are in flight
    before, frames = server.resident_mb, len(other.frames)
    await asyncio.sleep(seconds)
    grown = server.resident_mb - before
    still = (len(other.frames) - frames) / seconds
    stopped.close()
    await other.close()
    checks.info("memory's growth before, without a stop", f"{control:.2f} MB")
    checks.at_most(
        f"memory's growth in {seconds:g} s of a page that reads nothing", grown, 5, " MB"
    )
    checks.at_least("frames of the other page over before", still / rate, 0.9)


async def _same_session(server: LiveServer) -> PageClient:
    page = PageClient(server.url)
    await page.open()
    await page.close()
    return page


def _stop_reading(url: str, cookie: str) -> socket.socket:
    """Open a socket and never read from it."""
    host = urlsplit(url)
    stopped = socket.create_connection((host.hostname or "", host.port or 0))
    stopped.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stopped.sendall(
        f"GET {SOCKET_PATH} HTTP/1.1\r\nHost: {host.netloc}\r\n"
        f"Cookie: charnn_session={cookie}\r\n{UPGRADE}\r\n".encode()
    )
    while b"\r\n\r\n" not in (_answer := stopped.recv(65536)):
        pass
    stopped.sendall(CONNECT_FRAME)
    return stopped


if __name__ == "__main__":
    main()
