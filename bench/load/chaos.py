"""Accidents and ill will: `make chaos`. Everything stays on this machine, and ends by itself."""

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

from bench.harness.checks import Findings
from bench.harness.fuzz import Case, cases
from bench.harness.postgres import NOT_INSTALLED, Postgres, find_programs, running_postgres
from bench.harness.server import LiveServer
from bench.harness.socketio_client import Page, Refused

SETTLE_SECONDS = 15.0
"""Longer than it takes until every session has been saved."""
MOST_LOST_SECONDS = 10.0
OUTAGE_SECONDS = 30.0
SMALL_DISK = "24m"
PATIENCE = 30.0
"""Seconds that a page comes again for: others have to be sent to rest before there is a place."""
AT_ONCE = 8
"""Bad things under way at once."""
KEPT = ("text", "options", "vocabulary", "temperature", "learning_rate")
ABUSED_SESSIONS = ("--max-events-per-second", "100000", "--max-pages-per-session", "100000")
"""So that what is bad is looked at, and not only that there is too much of it."""


@click.command()
@click.option("--sessions", default=50, show_default=True, help="Learning when it happens.")
@click.option("--bad", default=10_000, show_default=True, help="Bad things sent, in each mode.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(sessions: int, bad: int, json_file: Path | None) -> None:
    """Kill, stop, starve and abuse servers, and see what is lost."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as name, _postgres() as postgres:
        folder = Path(name)
        asyncio.run(_killed(findings, LiveServer(folder / "killed"), sessions, "SQLite"))
        asyncio.run(_stopped(findings, LiveServer(folder / "stopped"), sessions))
        asyncio.run(_disk_full(findings, folder / "full"))
        if postgres is None:
            findings.tell("PostgreSQL left out", NOT_INSTALLED)
        else:
            there = {"CHARNN_DATABASE_URL": postgres.url}
            server = LiveServer(folder / "postgres", environment=there)
            asyncio.run(_killed(findings, server, sessions, "PostgreSQL"))
            server = LiveServer(folder / "outage", environment=there)
            asyncio.run(_outage(findings, server, postgres))
        for async_mode in ("eventlet", "threading"):
            server = LiveServer(folder / async_mode, "--async-mode", async_mode, *ABUSED_SESSIONS)
            asyncio.run(_abused(findings, server, cases(bad), async_mode))
    print(findings.as_json()) if json_file is None else json_file.write_text(findings.as_json())
    sys.exit(0 if findings.all_hold else 1)


@contextlib.contextmanager
def _postgres() -> Iterator[Postgres | None]:
    programs = find_programs()
    if programs is None:
        yield None
        return
    with running_postgres(programs) as cluster:
        yield cluster


# ------------------------------------------------------------------ killed, and stopped


async def _learners(server: LiveServer, count: int) -> list[Page]:
    """Pages that learn, each its own text, and have been saved."""
    pages = [Page(server.url) for _ in range(count)]
    for number, page in enumerate(pages):
        await page.open()
        await page.ask("learn", {"text": f"the words of visitor {number}\nand a second line"})
        await page.ask("set", {"temperature": 0.5 + number / 100})
    await asyncio.sleep(SETTLE_SECONDS)
    return pages


async def _steps_per_second(pages: list[Page]) -> float:
    before, began = [page.state["steps"] for page in pages], time.monotonic()
    await asyncio.sleep(4)
    gained = [page.state["steps"] - steps for page, steps in zip(pages, before, strict=True)]
    return float(statistics.mean(gained)) / (time.monotonic() - began)


async def _come_back(pages: list[Page]) -> list[Page]:
    """The same visitors, with new sockets."""
    back = [Page(page.url, page.cookie) for page in pages]
    for page in back:
        await page.open()
        await page.until(lambda state: "curve" in state)
    return back


async def _killed(findings: Findings, server: LiveServer, count: int, store: str) -> None:
    with server:
        pages = await _learners(server, count)
        speed = await _steps_per_second(pages)
        server.kill()
        last = [page.state for page in pages]
        for page in pages:
            await page.close()
        server.start()
        back = await _come_back(pages)
        name = f"killed with {count} sessions, {store}:"
        same = sum(_same(then, page.state) for then, page in zip(last, back, strict=True))
        findings.equal(f"{name} back with text, settings and curve", same, count)
        lost = [
            (then["steps"] - page.state["steps"]) / speed
            for then, page in zip(last, back, strict=True)
        ]
        findings.most(f"{name} most training lost", max(lost), MOST_LOST_SECONDS, " s")
        findings.equal(f"{name} learning again", await _learning_again(back), count)
        for page in back:
            await page.close()


async def _stopped(findings: Findings, server: LiveServer, count: int) -> None:
    with server:
        pages = await _learners(server, count)
        began = time.monotonic()
        code = await asyncio.to_thread(server.stop)
        seconds = time.monotonic() - began
        await asyncio.sleep(0.5)
        last = [page.state for page in pages]
        told = sum(bool(page.closings) for page in pages)
        for page in pages:
            await page.close()
        server.start()
        back = await _come_back(pages)
        name = f"SIGTERM with {count} sessions:"
        findings.equal(f"{name} exit code", code, 0)
        findings.most(f"{name} time to the end", seconds, 5, " s")
        findings.equal(f"{name} pages told why", told, count)
        kept = sum(
            _same(then, page.state) and page.state["steps"] >= then["steps"]
            for then, page in zip(last, back, strict=True)
        )
        findings.equal(f"{name} back with every step seen", kept, count)
        for page in back:
            await page.close()


def _same(then: dict[str, Any], now: dict[str, Any]) -> bool:
    points = now["curve"]["points"]
    return all(then[name] == now[name] for name in KEPT) and len(points) > 0


async def _learning_again(pages: list[Page]) -> int:
    again = 0
    for page in pages:
        again += await _learns(page)
    return again


async def _learns(page: Page) -> bool:
    steps = page.state["steps"]
    return await page.until(lambda state: state["steps"] > steps)


# ------------------------------------------------------------------ a store that fails


async def _outage(findings: Findings, server: LiveServer, postgres: Postgres) -> None:
    with server:
        (page,) = await _learners(server, 1)
        await asyncio.to_thread(postgres.stop)
        await _not_saving(findings, page, "PostgreSQL stopped:")
        await asyncio.to_thread(postgres.start)
        await _saving_again(findings, page, "PostgreSQL started:")
        await page.close()


async def _disk_full(findings: Findings, folder: Path) -> None:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:  # noqa: S603
        findings.tell("a full disk left out", "it takes the right to mount a small one")
        return
    try:
        with LiveServer(folder) as server:
            (page,) = await _learners(server, 1)
            filler = folder / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            await _not_saving(findings, page, "disk full:")
            filler.unlink()
            await _saving_again(findings, page, "room on the disk again:")
            await page.close()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S603, S607


async def _not_saving(findings: Findings, page: Page, name: str) -> None:
    told = await page.until(lambda state: not state["saving"], OUTAGE_SECONDS)
    findings.equal(f"{name} the page is told", told, expected=True)
    findings.equal(f"{name} training goes on", await _learns(page), expected=True)


async def _saving_again(findings: Findings, page: Page, name: str) -> None:
    since = time.time()
    saved = await page.until(
        lambda state: state["saving"] and (state["saved_at"] or 0) > since, OUTAGE_SECONDS
    )
    findings.equal(f"{name} saved again by itself", saved, expected=True)


# ------------------------------------------------------------------ ill will


async def _abused(findings: Findings, server: LiveServer, bad: list[Case], async_mode: str) -> None:
    with server:
        told = await bystander_during(server, bad)
        name = f"{len(bad):,} bad things, {async_mode}:"
        errors = [status for status in told.statuses if status >= 500 and status != 503]
        findings.equal(f"{name} answers of HTTP that tell of an error", len(errors), 0)
        findings.equal(f"{name} warnings and errors in the log", len(told.warnings), 0)
        findings.equal(f"{name} the bystander is as before", told.as_before, expected=True)
        findings.most(f"{name} longest stall of the hub", told.stall * 1000, 100, " ms")
        for line in told.warnings[:5]:
            print(line)


class Told(NamedTuple):
    """What came of bad things.

    Attributes:
        as_before: whether another's session is as it was, and learns.
        statuses: of every answer by HTTP.
        warnings: lines of the log that are not INFO messages.
        stall: seconds that the hub was held up for at the most.
    """

    as_before: bool
    statuses: list[int]
    warnings: list[str]
    stall: float


async def bystander_during(server: LiveServer, bad: list[Case]) -> Told:
    """Send bad things, and look at somebody who has nothing to do with them."""
    bystander = Page(server.url)
    await bystander.open()
    await bystander.ask("learn", {"text": "let me be\nplease"})
    await bystander.until(lambda state: state["text"].startswith("let me be"))
    before = {name: bystander.state[name] for name in (*KEPT, "version")}
    await bystander.get("/metrics")
    waiting, statuses = list(reversed(bad)), list[int]()
    await asyncio.gather(*(_send_all(server.url, waiting, statuses) for _ in range(AT_ONCE)))
    stall = await _longest_stall(bystander)
    learns = await _learns(bystander)
    after = {name: bystander.state[name] for name in (*KEPT, "version")}
    await bystander.close()
    return Told(after == before and learns, statuses, server.warnings, stall)


async def _send_all(url: str, waiting: list[Case], statuses: list[int]) -> None:
    page = await _new_page(url)
    while waiting:
        case = waiting.pop()
        try:
            await asyncio.wait_for(_send(page, case, statuses), 30)
        except (aiohttp.ClientError, ConnectionError, TimeoutError, RuntimeError, Refused):
            await page.close()  # the server has closed it, as it may
            page = await _new_page(url)
    await page.close()


async def _new_page(url: str) -> Page:
    """A page that comes again, as a browser's does, while the server has no place for it."""
    until = time.monotonic() + PATIENCE
    while True:
        page = Page(url)
        try:
            await page.open()
        except Refused:
            await page.close()
            if time.monotonic() > until:
                raise
            await asyncio.sleep(1)
        else:
            return page


async def _send(page: Page, case: Case, statuses: list[int]) -> None:
    match case.kind:
        case "event":
            await page.send_event(case.name, case.value)
        case "packet":
            await page.send_raw(case.value)
        case "body":
            statuses.append(await page.put("/api/model.json", case.value))
        case "cookie":
            status, _ = await Page(page.url, case.value).get("/api/history.csv")
            statuses.append(status)


async def _longest_stall(page: Page) -> float:
    _, text = await page.get("/metrics")
    found = re.search(rb"^charnn_hub_stall_max_seconds (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else float("inf")


if __name__ == "__main__":
    main()
