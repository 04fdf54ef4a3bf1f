"""What the main thread of a page was at, task by task, as Chromium's own trace tells it.

Tasks are timed by the thread's own clock: whatever else the machine is at delays them, but hardly
makes them longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

_MARK = "charnn: this is the page"


@contextmanager
def tasks_of(browser: Browser, page: Page) -> Iterator[list[float]]:
    """Milliseconds of each task of the page's main thread until the block is left; filled then."""
    tasks: list[float] = []
    browser.start_tracing(page=page, categories=["toplevel", "blink.user_timing"])
    try:
        yield tasks
        page.evaluate("(mark) => { performance.mark(mark); }", _MARK)
    finally:
        trace = browser.stop_tracing()
    events = json.loads(trace)["traceEvents"]
    thread = next(_thread(event) for event in events if event["name"] == _MARK)
    tasks += [
        event["tdur"] / 1_000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and _thread(event) == thread
        and "tdur" in event
    ]


def _thread(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]
