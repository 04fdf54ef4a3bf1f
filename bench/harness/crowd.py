"""Many simulated pages, each with its own session."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence

from bench.harness.socketio_client import PageClient

OPENED_AT_ONCE = 20


class PageStats:
    """The steps and frames of a page from now on."""

    def __init__(self, page: PageClient) -> None:
        self.page = page
        self.steps: int = page.state.get("steps", 0)
        self.frames = len(page.frames)
        page.waits.clear()

    @property
    def gained(self) -> int:
        """Steps trained."""
        steps: int = self.page.state.get("steps", 0)
        return steps - self.steps

    @property
    def seen(self) -> int:
        """Frames received."""
        return len(self.page.frames) - self.frames


async def open_pages(url: str, count: int) -> list[PageClient]:
    """Open so many pages, and wait until their networks train."""
    pages = [PageClient(url) for _ in range(count)]
    for first in range(0, count, OPENED_AT_ONCE):
        await asyncio.gather(*(page.open() for page in pages[first : first + OPENED_AT_ONCE]))
    for page in pages:
        await page.wait_until(lambda state: state["steps"] > 0, seconds=60)
    return pages


@contextlib.asynccontextmanager
async def sliders_moving(pages: Sequence[PageClient], every: float) -> AsyncIterator[None]:
    """Meanwhile, every page sends a `set` event once in so many seconds on average."""
    movers = [asyncio.create_task(_move_for_ever(page, every)) for page in pages]
    try:
        yield
    finally:
        for mover in movers:
            mover.cancel()


def p99(waits: Sequence[float]) -> float:
    """The 99th percentile of sorted values."""
    return waits[int(len(waits) * 0.99)]


async def _move_for_ever(page: PageClient, every: float) -> None:
    while True:
        await asyncio.sleep(random.uniform(0, 2 * every))  # noqa: S311  (nothing is secret)
        await page.set(temperature=random.uniform(0.5, 1.5))  # noqa: S311
