"""The cost of an empty page, which the other measurements are relative to.

It separates the speed of the machine from that of the page.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from playwright.sync_api import Browser, Route

from bench.browser.main_thread import tasks_of

OPENINGS = 7
REST_MS = 500
ADDRESS = "/empty"
HTML = '<!doctype html><html lang="en"><title>An empty page</title><p>Empty</p></html>'
OPENED = "performance.getEntriesByType('navigation')[0].duration"


class EmptyPage(NamedTuple):
    """Median costs of opening an empty page, in milliseconds.

    Attributes:
        work: CPU time of the main thread.
        opened: wall-clock time until it is loaded.
    """

    work: float
    opened: float


def measured(browser: Browser, url: str, width: int, height: int) -> EmptyPage:
    """Measure several openings of an empty page, each in a new context."""
    work: list[float] = []
    opened: list[float] = []
    for _ in range(OPENINGS):
        context = browser.new_context(base_url=url, viewport={"width": width, "height": height})
        page = context.new_page()
        page.route(f"**{ADDRESS}", _answer)
        with tasks_of(browser, page) as tasks:
            page.goto(ADDRESS)
            page.wait_for_timeout(REST_MS)
        work.append(sum(tasks))
        opened.append(page.evaluate(OPENED))
        context.close()
    return EmptyPage(median(work), median(opened))


def _answer(route: Route) -> None:
    route.fulfill(body=HTML, content_type="text/html")
