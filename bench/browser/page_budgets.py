"""How busy the page keeps a browser, and how soon it answers a press: `make budgets`.

The limits are multiples of what an empty page costs the same browser in the same run, so that they
hold on slow and on busy machines too.
"""

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

from bench.browser.empty_page import EmptyPage, measured
from bench.browser.input_latency import waits
from bench.browser.main_thread import tasks_of
from bench.harness.checks import Findings
from bench.harness.server import LiveServer

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WIDTHS = (1440, 390)
HEIGHT = 900
PANELS = ("introduction", "stats", "samples", "complete", "surprise", "units", "weights")
"""Which are in sight, each in its turn: those that are not rest."""
PRESSES = 5
"""Of each: the median counts."""
PATIENCE_MS = 120_000
"""What has to be compiled takes long on a busy machine."""
OPENINGS = 5
OPENING_SECONDS = 1.0
"""After the first steps are on the page: by then it is all there."""
LONGEST_TASK = 3.0
"""Of the main thread, in its work for an empty page: a longer one is felt under the hands."""
BUSIEST_FRAME = 1.0
"""The main thread's work for each frame that comes, in its work for an empty page."""
SLOWEST_PRESS = 2.0
"""From a press to its answer, in times that an empty page takes to be there: later is felt as
waiting."""

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
        a_frame: milliseconds for each frame that came.
        longest: milliseconds of its longest task.
    """

    busy: float
    a_frame: float
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
            empty = measured(chromium, server.url, width, HEIGHT)
            findings.tell(f"{width} px, an empty page: main thread", f"{empty.work:.1f} ms")
            _visit(findings, chromium, server.url, width, seconds, empty)
        empty = measured(chromium, server.url, WIDTHS[0], HEIGHT)
        findings.tell("an empty page: asked for until it is there", f"{empty.opened:.0f} ms")
        _press_everything(findings, chromium, server, seconds, empty)
        chromium.close()
    sys.exit(0 if findings.all_hold else 1)


def launched(playwright: Playwright, browser: str) -> Browser:
    """The browser of this name or path."""
    path = shutil.which(browser) or browser
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


def _visit(
    findings: Findings, browser: Browser, url: str, width: int, seconds: float, empty: EmptyPage
) -> None:
    """Open the page, and look at its panels one after another."""
    longest = median(_longest_while_opening(browser, url, width) for _ in range(OPENINGS))
    _hold(findings, f"{width} px, opening: longest task", longest, empty.work, LONGEST_TASK)
    context = browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    frames = _count_frames(page)
    page.goto("/")
    _await_steps(page)
    for panel in PANELS:
        page.locator(f"#panel_{panel}").scroll_into_view_if_needed()
        _judge(findings, f"{width} px, {panel}:", _measure(browser, page, frames, seconds), empty)
    page.locator("#stop").click()
    context.close()


def _count_changes(findings: Findings, page: Page, seconds: float) -> None:
    """How often the samples are others: more often than they can be read would be a flicker."""
    page.evaluate(COUNT_CHANGES)
    page.wait_for_timeout(seconds * 1_000)
    changes = page.evaluate("window.changes") / seconds
    findings.most("samples change", changes, CALM_CHANGES, "/s")


def _press_everything(
    findings: Findings, browser: Browser, server: LiveServer, seconds: float, empty: EmptyPage
) -> None:
    """Press what can be pressed while a network learns, and see how soon the page shows it."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": WIDTHS[0], "height": HEIGHT}
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/")
    _await_steps(page)
    _count_changes(findings, page, seconds)
    for press, waited in waits(page, server, PRESSES):
        _hold(findings, f"press to answer, {press}", median(waited), empty.opened, SLOWEST_PRESS)
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


def _judge(findings: Findings, where: str, work: Work, empty: EmptyPage) -> None:
    findings.tell(f"{where} main thread busy", f"{work.busy:.1f} %")
    _hold(findings, f"{where} a frame", work.a_frame, empty.work, BUSIEST_FRAME)
    _hold(findings, f"{where} longest task", work.longest, empty.work, LONGEST_TASK)


def _hold(findings: Findings, what: str, ms: float, of_empty: float, most: float) -> None:
    """Hold milliseconds to so many times what an empty page takes."""
    findings.most(f"{what} ({ms:.1f} ms)", ms / of_empty, most, " x empty")


def _measure(browser: Browser, page: Page, frames: list[str], seconds: float) -> Work:
    with tasks_of(browser, page) as tasks:
        began, came = time.monotonic(), len(frames)
        page.wait_for_timeout(seconds * 1_000)
        passed, since = time.monotonic() - began, len(frames) - came
    busy = sum(tasks)
    return Work(busy / passed / 10, busy / max(since, 1), max(tasks))


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
