"""Crashes, outages and hostile input: `make chaos`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import click

from bench.harness.checks import Checks
from bench.harness.fuzz import Case, cases
from bench.harness.postgres import NOT_INSTALLED, Postgres, find_programs, running_postgres
from bench.harness.server import LiveServer
from bench.harness.socketio_client import ConnectionRefused, PageClient

SETTLE_SECONDS = 15.0
"""Longer than it takes to save every session."""
MOST_LOST_SECONDS = 10.0
OUTAGE_SECONDS = 30.0
SMALL_DISK = "24m"
PATIENCE = 30.0
"""Seconds that a page retries to connect: other sessions must be evicted first."""
AT_ONCE = 8
"""Number of concurrent hostile clients."""
KEPT = ("text", "options", "vocabulary", "temperature", "learning_rate")
ABUSED_SESSIONS = ("--max-events-per-second", "100000", "--max-pages-per-session", "100000")
"""High limits, so that the input itself is checked, not its rate."""


@click.command()
@click.option("--sessions", default=50, show_default=True, help="Number of sessions.")
@click.option("--bad", default=10_000, show_default=True, help="Hostile inputs in each mode.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(sessions: int, bad: int, json_file: Path | None) -> None:
    """Kill, stop and attack servers, and measure what is lost."""
    checks = Checks()
    with tempfile.TemporaryDirectory() as name, _postgres() as postgres:
        folder = Path(name)
        asyncio.run(_killed(checks, LiveServer(folder / "killed"), sessions, "SQLite"))
        asyncio.run(_stopped(checks, LiveServer(folder / "stopped"), sessions))
        asyncio.run(_disk_full(checks, folder / "full"))
        if postgres is None:
            checks.info("PostgreSQL skipped", NOT_INSTALLED)
        else:
            there = {"CHARNN_DATABASE_URL": postgres.url}
            server = LiveServer(folder / "postgres", environment=there)
            asyncio.run(_killed(checks, server, sessions, "PostgreSQL"))
            server = LiveServer(folder / "outage", environment=there)
            asyncio.run(_outage(checks, server, postgres))
        for async_mode in ("eventlet", "threading"):
            server = LiveServer(folder / async_mode, "--async-mode", async_mode, *ABUSED_SESSIONS)
            asyncio.run(_abused(checks, server, cases(bad), async_mode))
    print(checks.as_json()) if json_file is None else json_file.write_text(checks.as_json())
    sys.exit(0 if checks.all_passed else 1)


@contextlib.contextmanager
def _postgres() -> Iterator[Postgres | None]:
    programs = find_programs()
    if programs is None:
        yield None
        return
    with running_postgres(programs) as cluster:
        yield cluster


# ------------------------------------------------------------------ killed, and stopped


async def _training_pages(server: LiveServer, count: int) -> list[PageClient]:
    """Pages in training, each with its own text, once they are saved."""
    pages = [PageClient(server.url) for _ in range(count)]
    for number, page in enumerate(pages):
        await page.open()
        await page.ask("learn", {"text": f"the words of visitor {number}\nand a second line"})
        await page.ask("set", {"temperature": 0.5 + number / 100})
    await asyncio.sleep(SETTLE_SECONDS)
    return pages


async def _steps_per_second(pages: list[PageClient]) -> float:
    before, began = [page.state["steps"] for page in pages], time.monotonic()
    await asyncio.sleep(4)
    gained = [page.state["steps"] - steps for page, steps in zip(pages, before, strict=True)]
    return float(statistics.mean(gained)) / (time.monotonic() - began)


async def _reconnect(pages: list[PageClient]) -> list[PageClient]:
    """The same sessions with new sockets."""
    back = [PageClient(page.url, page.cookie) for page in pages]
    for page in back:
        await page.open()
        await page.wait_until(lambda state: "curve" in state)
    return back


async def _killed(checks: Checks, server: LiveServer, count: int, store: str) -> None:
    with server:
        pages = await _training_pages(server, count)
        speed = await _steps_per_second(pages)
        server.kill()
        last = [page.state for page in pages]
        for page in pages:
            await page.close()
        server.start()
        back = await _reconnect(pages)
        name = f"killed with {count} sessions, {store}:"
        same = sum(_same(then, page.state) for then, page in zip(last, back, strict=True))
        checks.equal(f"{name} back with text, settings and curve", same, count)
        lost = [
            (then["steps"] - page.state["steps"]) / speed
            for then, page in zip(last, back, strict=True)
        ]
        checks.at_most(f"{name} most training lost", max(lost), MOST_LOST_SECONDS, " s")
        checks.equal(f"{name} learning again", await _count_training(back), count)
        for page in back:
            await page.close()


async def _stopped(checks: Checks, server: LiveServer, count: int) -> None:
    with server:
        pages = await _training_pages(server, count)
        began = time.monotonic()
        code = await asyncio.to_thread(server.stop)
        seconds = time.monotonic() - began
        await asyncio.sleep(0.5)
        last = [page.state for page in pages]
        notified = sum(bool(page.closings) for page in pages)
        for page in pages:
            await page.close()
        server.start()
        back = await _reconnect(pages)
        name = f"SIGTERM with {count} sessions:"
        checks.equal(f"{name} exit code", code, 0)
        checks.at_most(f"{name} time to exit", seconds, 5, " s")
        checks.equal(f"{name} pages notified", notified, count)
        kept = sum(
            _same(then, page.state) and page.state["steps"] >= then["steps"]
            for then, page in zip(last, back, strict=True)
        )
        checks.equal(f"{name} back with every step seen", kept, count)
        for page in back:
            await page.close()


def _same(then: dict[str, Any], now: dict[str, Any]) -> bool:
    points = now["curve"]["points"]
    return all(then[name] == now[name] for name in KEPT) and len(points) > 0


async def _count_training(pages: list[PageClient]) -> int:
    again = 0
    for page in pages:
        again += await _trains(page)
    return again


async def _trains(page: PageClient) -> bool:
    steps = page.state["steps"]
    return await page.wait_until(lambda state: state["steps"] > steps)


# ------------------------------------------------------------------ a store that fails


async def _outage(checks: Checks, server: LiveServer, postgres: Postgres) -> None:
    with server:
        (page,) = await _training_pages(server, 1)
        await asyncio.to_thread(postgres.stop)
        await _not_saving(checks, page, "PostgreSQL stopped:")
        await asyncio.to_thread(postgres.start)
        await _saving_again(checks, page, "PostgreSQL started:")
        await page.close()


async def _disk_full(checks: Checks, folder: Path) -> None:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:  # noqa: S603
        checks.info("full disk skipped", "no permission to mount a small disk")
        return
    try:
        with LiveServer(folder) as server:
            (page,) = await _training_pages(server, 1)
            filler = folder / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            await _not_saving(checks, page, "disk full:")
            filler.unlink()
            await _saving_again(checks, page, "disk space again:")
            await page.close()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S603, S607


async def _not_saving(checks: Checks, page: PageClient, name: str) -> None:
    notified = await page.wait_until(lambda state: not state["saving"], OUTAGE_SECONDS)
    checks.equal(f"{name} the page shows it", notified, expected=True)
    checks.equal(f"{name} training goes on", await _trains(page), expected=True)


async def _saving_again(checks: Checks, page: PageClient, name: str) -> None:
    since = time.time()
    saved = await page.wait_until(
        lambda state: state["saving"] and (state["saved_at"] or 0) > since, OUTAGE_SECONDS
    )
    checks.equal(f"{name} saved again", saved, expected=True)


# ------------------------------------------------------------------ hostile input


async def _abused(checks: Checks, server: LiveServer, bad: list[Case], async_mode: str) -> None:
    with server:
        result = await bystander_during(server, bad)
        name = f"{len(bad):,} hostile inputs, {async_mode}:"
        errors = [status for status in result.statuses if status >= 500 and status != 503]
        checks.equal(f"{name} HTTP server errors", len(errors), 0)
        checks.equal(f"{name} warnings and errors in the log", len(result.warnings), 0)
        checks.equal(f"{name} another session is unaffected", result.as_before, expected=True)
        checks.equal(f"{name} stalls of the event loop over 100 ms", result.stalls, 0)
        for line in result.warnings[:5]:
            print(line)


class BystanderResult(NamedTuple):
    """The effect of hostile input.

    Attributes:
        as_before: whether an unrelated session is unchanged and trains.
        statuses: of every HTTP response.
        warnings: lines of the log that are not INFO messages.
        stalls: stalls of the event loop over 100 ms.
    """

    as_before: bool
    statuses: list[int]
    warnings: list[str]
    stalls: int


async def bystander_during(server: LiveServer, bad: list[Case]) -> BystanderResult:
    """Send hostile input and observe an unrelated session."""
    bystander = PageClient(server.url)
    await bystander.open()
    await bystander.ask("learn", {"text": "let me be\nplease"})
    await bystander.wait_until(lambda state: state["text"]["beginning"].startswith("let me be"))
    before = {name: bystander.state[name] for name in (*KEPT, "version")}
    stalls_before = await _stalls(bystander)
    waiting, statuses = list(reversed(bad)), list[int]()
    await asyncio.gather(*(_send_all(server.url, waiting, statuses) for _ in range(AT_ONCE)))
    stalls = await _stalls(bystander) - stalls_before
    learns = await _trains(bystander)
    after = {name: bystander.state[name] for name in (*KEPT, "version")}
    await bystander.close()
    return BystanderResult(after == before and learns, statuses, server.warnings, stalls)


async def _send_all(url: str, waiting: list[Case], statuses: list[int]) -> None:
    page = await _new_page(url)
    while waiting:
        case = waiting.pop()
        try:
            await asyncio.wait_for(_send(page, case, statuses), 30)
        except (
            aiohttp.ClientError,
            ConnectionError,
            TimeoutError,
            RuntimeError,
            ConnectionRefused,
        ):
            await page.close()  # the server may close it
            page = await _new_page(url)
    await page.close()


async def _new_page(url: str) -> PageClient:
    """A new page, which retries while the server is full."""
    until = time.monotonic() + PATIENCE
    while True:
        page = PageClient(url)
        try:
            await page.open()
        except ConnectionRefused:
            await page.close()
            if time.monotonic() > until:
                raise
            await asyncio.sleep(1)
        else:
            return page


async def _send(page: PageClient, case: Case, statuses: list[int]) -> None:
    match case.kind:
        case "event":
            await page.send_event(case.name, case.value)
        case "packet":
            await page.send_raw(case.value)
        case "body":
            statuses.append(await page.put("/api/model.json", case.value))
        case "cookie":
            status, _ = await PageClient(page.url, case.value).get("/api/history.csv")
            statuses.append(status)


async def _stalls(page: PageClient) -> int:
    """How often the event loop was delayed by more than 100 ms since the server started."""
    _, text = await page.get("/metrics")
    counts = dict(re.findall(rb"^charnn_hub_stall_seconds_(\S+) (\S+)$", text, re.MULTILINE))
    return round(float(counts[b"count"]) - float(counts[b'bucket{le="0.1"}']))


if __name__ == "__main__":
    main()
