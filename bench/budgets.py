"""How busy the page keeps a browser that watches a network learn: `make budgets`.

Chromium writes down every task of the page's main thread. Tasks are timed by the thread's own
clock: whatever else the machine is at delays them, but does not make them longer.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from bench.live.findings import Findings
from bench.live.server import LiveServer

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WIDTHS = (1440, 390)
HEIGHT = 900
PANELS = ("introduction", "stats", "samples", "complete", "surprise", "units", "weights")
"""Which are in sight, each in its turn: those that are not rest."""
OPENING_SECONDS = 3.0
MOST_BUSY = 15.0
"""Percent of the time."""
LEAST_FRAMES = 8.0
"""A second: with fewer there would be nothing to be busy with. The server sends ten."""
LONG_MS = 50.0


class Work(NamedTuple):
    """What the main thread had to do.

    Attributes:
        busy: percent of the time.
        frames: that came, a second.
        longest: milliseconds of its longest task.
    """

    busy: float
    frames: float
    longest: float


@click.command()
@click.option("--browser", envvar="CHARNN_BROWSER", default="chromium", show_default=True)
@click.option("--seconds", default=5.0, show_default=True, help="Length of each measurement.")
def main(browser: str, seconds: float) -> None:
    """Measure what the page costs the browser while its network learns."""
    findings = Findings()
    findings.tell("load of the machine", f"{os.getloadavg()[0]:.1f}")
    with (
        tempfile.TemporaryDirectory() as folder,
        LiveServer(Path(folder) / "server") as server,
        sync_playwright() as playwright,
    ):
        chromium = launched(playwright, browser)
        for width in WIDTHS:
            _visit(findings, chromium, server.url, width, seconds)
        chromium.close()
    sys.exit(0 if findings.all_hold else 1)


def launched(playwright: Playwright, browser: str) -> Browser:
    """The browser of this name or path."""
    path = shutil.which(browser) or browser
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


def _visit(findings: Findings, browser: Browser, url: str, width: int, seconds: float) -> None:
    """Open the page, and look at its panels one after another."""
    context = browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    frames = _count_frames(page)
    browser.start_tracing(page=page, categories=["toplevel"])
    page.goto("/")
    page.wait_for_timeout(OPENING_SECONDS * 1_000)
    opening = _tasks(browser.stop_tracing())
    findings.tell(f"{width} px: longest task while it opens", f"{max(opening):.0f} ms")
    _await_steps(page)
    for panel in PANELS:
        page.locator(f"#panel_{panel}").scroll_into_view_if_needed()
        _judge(findings, f"{width} px, {panel}:", _measure(browser, page, frames, seconds))
    page.locator("#stop").click()
    context.close()


def _judge(findings: Findings, where: str, work: Work) -> None:
    findings.least(f"{where} frames", work.frames, LEAST_FRAMES, "/s")
    findings.most(f"{where} main thread busy", work.busy, MOST_BUSY, " %")
    findings.most(f"{where} longest task", work.longest, LONG_MS, " ms")


def _measure(browser: Browser, page: Page, frames: list[str], seconds: float) -> Work:
    browser.start_tracing(page=page, categories=["toplevel"])
    began, came = time.monotonic(), len(frames)
    page.wait_for_timeout(seconds * 1_000)
    passed, since = time.monotonic() - began, len(frames) - came
    tasks = _tasks(browser.stop_tracing())
    return Work(busy=sum(tasks) / passed / 10, frames=since / passed, longest=max(tasks))


def _tasks(trace: bytes) -> list[float]:
    """Milliseconds that each task of the page's main thread took, by the thread's clock."""
    events = json.loads(trace)["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event["tdur"] / 1_000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and (event["pid"], event["tid"]) in threads
        and "tdur" in event
    ]


def _count_frames(page: Page) -> list[str]:
    """The frames of the network that come from now on."""
    frames: list[str] = []

    def note(packet: str | bytes) -> None:
        if isinstance(packet, str) and '["frame",' in packet[:20]:
            frames.append("frame")

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    return frames


def _await_steps(page: Page) -> None:
    figure = page.locator("#steps .figure-value")
    while not figure.inner_text().strip("–"):
        page.wait_for_timeout(50)


if __name__ == "__main__":
    main()
