"""How busy the page keeps a browser, and how soon it answers a press: `make budgets`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from bench.live.findings import Findings
from bench.live.server import LiveServer
from bench.main_thread import LONG_MS, tasks_of
from bench.presses import SOON_MS, waits

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WIDTHS = (1440, 390)
HEIGHT = 900
PANELS = ("introduction", "stats", "samples", "complete", "surprise", "units", "weights")
"""Which are in sight, each in its turn: those that are not rest."""
PRESSES = 5
"""Of each: the last to be answered counts."""
OPENINGS = 5
OPENING_SECONDS = 1.0
"""After the first steps are on the page: by then it is all there."""
MOST_BUSY = 15.0
"""Percent of the time."""
LEAST_FRAMES = 8.0
"""A second: with fewer there would be nothing to be busy with. The server sends ten."""

CALM_CHANGES = 2.5
"""A second: the server sends samples twice."""
COUNT_CHANGES = """
  window.changes = 0;
  const sample = document.querySelector("#samples .apred");
  new MutationObserver(() => window.changes++).observe(sample, { childList: true });
"""


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
        _press_everything(findings, chromium, server, seconds)
        chromium.close()
    sys.exit(0 if findings.all_hold else 1)


def launched(playwright: Playwright, browser: str) -> Browser:
    """The browser of this name or path."""
    path = shutil.which(browser) or browser
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


def _visit(findings: Findings, browser: Browser, url: str, width: int, seconds: float) -> None:
    """Open the page, and look at its panels one after another."""
    longest = sorted(_longest_while_opening(browser, url, width) for _ in range(OPENINGS))
    findings.tell(f"{width} px, opening: longest task, median", f"{median(longest):.0f} ms")
    findings.most(f"{width} px, opening: longest task", longest[-1], LONG_MS, " ms")
    context = browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    frames = _count_frames(page)
    page.goto("/")
    _await_steps(page)
    for panel in PANELS:
        page.locator(f"#panel_{panel}").scroll_into_view_if_needed()
        _judge(findings, f"{width} px, {panel}:", _measure(browser, page, frames, seconds))
    page.locator("#stop").click()
    context.close()


def _count_changes(findings: Findings, page: Page, seconds: float) -> None:
    """How often the samples are others: more often than they can be read would be a flicker."""
    page.evaluate(COUNT_CHANGES)
    page.wait_for_timeout(seconds * 1_000)
    changes = page.evaluate("window.changes") / seconds
    findings.most("samples change", changes, CALM_CHANGES, "/s")


def _press_everything(
    findings: Findings, browser: Browser, server: LiveServer, seconds: float
) -> None:
    """Press what can be pressed while a network learns, and see how soon the page shows it."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": WIDTHS[0], "height": HEIGHT}
    )
    page = context.new_page()
    page.goto("/")
    _await_steps(page)
    _count_changes(findings, page, seconds)
    for press, waited in waits(page, server, PRESSES):
        what = f"press to answer, {press} (median {median(waited):.0f} ms)"
        findings.most(what, waited[-1], SOON_MS, " ms")
    context.close()


def _longest_while_opening(browser: Browser, url: str, width: int) -> float:
    """Milliseconds of the longest task, for a visitor who opens the page for the first time."""
    context = browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    with tasks_of(browser, page) as tasks:
        page.goto("/")
        _await_steps(page)
        page.wait_for_timeout(OPENING_SECONDS * 1_000)
    page.locator("#stop").click()
    context.close()
    return max(tasks)


def _judge(findings: Findings, where: str, work: Work) -> None:
    findings.least(f"{where} frames", work.frames, LEAST_FRAMES, "/s")
    findings.most(f"{where} main thread busy", work.busy, MOST_BUSY, " %")
    findings.most(f"{where} longest task", work.longest, LONG_MS, " ms")


def _measure(browser: Browser, page: Page, frames: list[str], seconds: float) -> Work:
    with tasks_of(browser, page) as tasks:
        began, came = time.monotonic(), len(frames)
        page.wait_for_timeout(seconds * 1_000)
        passed, since = time.monotonic() - began, len(frames) - came
    return Work(busy=sum(tasks) / passed / 10, frames=since / passed, longest=max(tasks))


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
