"""What a page with nothing in it costs the browser: the measure of the other page here.

Milliseconds say as much of the machine as of a page. What an empty page costs on the same machine,
in the same run, says how much of them is the machine's.
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
    """What its opening costs, in milliseconds; medians.

    Attributes:
        work: of the main thread, by its own clock.
        opened: from its being asked for until it is there, by the clock on the wall.
    """

    work: float
    opened: float


def measured(browser: Browser, url: str, width: int, height: int) -> EmptyPage:
    """Open an empty page several times, each for a visitor who opens it for the first time."""
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
