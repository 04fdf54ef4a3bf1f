"""The tasks of a page's main thread, from Chromium's trace.

Tasks are measured in CPU time, which a busy machine hardly affects.
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
    """The milliseconds of each main thread task during the block; filled at its end."""
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
