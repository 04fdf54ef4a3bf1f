"""The page's load on the browser, and its response times: `make budgets`.

The limits are multiples of an empty page's values in the same run, so that they apply to slow and
busy machines too.
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
from bench.harness.checks import Checks
from bench.harness.server import LiveServer

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WIDTHS = (1440, 390)
HEIGHT = 900
PANELS = ("introduction", "stats", "samples", "complete", "surprise", "units", "weights")
"""The panels to measure, scrolled into view in turn."""
PRESSES = 5
"""Number of presses of each control; the median counts."""
PATIENCE_MS = 120_000
"""Compiling takes long on a busy machine."""
OPENINGS = 5
OPENING_SECONDS = 1.0
"""Seconds after the first steps, by which the page is complete."""
LONGEST_TASK = 3.0
"""Limit of the main thread's longest task, relative to the work for an empty page."""
BUSIEST_FRAME = 1.0
"""Limit of the main thread's work per frame, relative to the work for an empty page."""
SLOWEST_PRESS = 2.0
"""Limit of the response time, relative to the time that an empty page takes to open."""

CALM_CHANGES = 2.5
"""Limit of changes per second; the server sends samples twice per second."""
COUNT_CHANGES = """
  window.changes = 0;
  const sample = document.querySelector("#samples .apred");
  new MutationObserver(() => window.changes++).observe(sample, { childList: true });
"""


class Work(NamedTuple):
    """The load of the main thread.

    Attributes:
        busy: percent of the time.
        a_frame: milliseconds per frame.
        longest: milliseconds of its longest task.
    """

    busy: float
    a_frame: float
    longest: float


@click.command()
@click.option("--browser", envvar="CHARNN_BROWSER", default="chromium", show_default=True)
@click.option("--seconds", default=5.0, show_default=True, help="Length of each measurement.")
def main(browser: str, seconds: float) -> None:
    """Measure the load of the page on the browser during training."""
    checks = Checks()
    checks.info("load of the machine", f"{os.getloadavg()[0]:.1f}")
    with (
        tempfile.TemporaryDirectory() as folder,
        LiveServer(Path(folder) / "server") as server,
        sync_playwright() as playwright,
    ):
        chromium = launched(playwright, browser)
        for width in WIDTHS:
            empty = measured(chromium, server.url, width, HEIGHT)
            checks.info(f"{width} px, an empty page: main thread", f"{empty.work:.1f} ms")
            _visit(checks, chromium, server.url, width, seconds, empty)
        empty = measured(chromium, server.url, WIDTHS[0], HEIGHT)
        checks.info("an empty page: time to open", f"{empty.opened:.0f} ms")
        _press_everything(checks, chromium, server, seconds, empty)
        chromium.close()
    sys.exit(0 if checks.all_passed else 1)


def launched(playwright: Playwright, browser: str) -> Browser:
    """Launch the browser with this name or path."""
    path = shutil.which(browser) or browser
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


def _visit(
    checks: Checks, browser: Browser, url: str, width: int, seconds: float, empty: EmptyPage
) -> None:
    """Open the page and measure its panels in turn."""
    longest = median(_longest_while_opening(browser, url, width) for _ in range(OPENINGS))
    _check_multiple(checks, f"{width} px, opening: longest task", longest, empty.work, LONGEST_TASK)
    context = browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    frames = _count_frames(page)
    page.goto("/")
    _await_steps(page)
    for panel in PANELS:
        page.locator(f"#panel_{panel}").scroll_into_view_if_needed()
        _judge(checks, f"{width} px, {panel}:", _measure(browser, page, frames, seconds), empty)
    page.locator("#stop").click()
    context.close()


def _count_changes(checks: Checks, page: Page, seconds: float) -> None:
    """Check how often the samples change: they must stay readable."""
    page.evaluate(COUNT_CHANGES)
    page.wait_for_timeout(seconds * 1_000)
    changes = page.evaluate("window.changes") / seconds
    checks.at_most("samples change", changes, CALM_CHANGES, "/s")


def _press_everything(
    checks: Checks, browser: Browser, server: LiveServer, seconds: float, empty: EmptyPage
) -> None:
    """Check the response time of every control during training."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": WIDTHS[0], "height": HEIGHT}
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/")
    _await_steps(page)
    _count_changes(checks, page, seconds)
    for press, waited in waits(page, server, PRESSES):
        _check_multiple(
            checks, f"press to answer, {press}", median(waited), empty.opened, SLOWEST_PRESS
        )
    context.close()


def _longest_while_opening(browser: Browser, url: str, width: int) -> float:
    """Milliseconds of the longest task of a first visit."""
    context = browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    with tasks_of(browser, page) as tasks:
        page.goto("/")
        _await_steps(page)
        page.wait_for_timeout(OPENING_SECONDS * 1_000)
    page.locator("#stop").click()
    context.close()
    return max(tasks)


def _judge(checks: Checks, where: str, work: Work, empty: EmptyPage) -> None:
    checks.info(f"{where} main thread busy", f"{work.busy:.1f} %")
    _check_multiple(checks, f"{where} a frame", work.a_frame, empty.work, BUSIEST_FRAME)
    _check_multiple(checks, f"{where} longest task", work.longest, empty.work, LONGEST_TASK)


def _check_multiple(checks: Checks, what: str, ms: float, of_empty: float, most: float) -> None:
    """Check a time against a multiple of an empty page's."""
    checks.at_most(f"{what} ({ms:.1f} ms)", ms / of_empty, most, " x empty")


def _measure(browser: Browser, page: Page, frames: list[str], seconds: float) -> Work:
    with tasks_of(browser, page) as tasks:
        began, came = time.monotonic(), len(frames)
        page.wait_for_timeout(seconds * 1_000)
        passed, since = time.monotonic() - began, len(frames) - came
    busy = sum(tasks)
    return Work(busy / passed / 10, busy / max(since, 1), max(tasks))


def _count_frames(page: Page) -> list[str]:
    """A list that grows with every frame received."""
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
