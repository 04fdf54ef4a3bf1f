"""Many pages at once, each with a network of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence

from bench.harness.socketio_client import Page

OPENED_AT_ONCE = 20


class Watched:
    """What one page gets from now on."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: int = page.state.get("steps", 0)
        self.frames = len(page.frames)
        page.waits.clear()

    @property
    def gained(self) -> int:
        """Steps of its network."""
        steps: int = self.page.state.get("steps", 0)
        return steps - self.steps

    @property
    def seen(self) -> int:
        """Frames."""
        return len(self.page.frames) - self.frames


async def open_pages(url: str, count: int) -> list[Page]:
    """So many pages whose networks learn."""
    pages = [Page(url) for _ in range(count)]
    for first in range(0, count, OPENED_AT_ONCE):
        await asyncio.gather(*(page.open() for page in pages[first : first + OPENED_AT_ONCE]))
    for page in pages:
        await page.until(lambda state: state["steps"] > 0, seconds=60)
    return pages


@contextlib.asynccontextmanager
async def sliders_moving(pages: Sequence[Page], every: float) -> AsyncIterator[None]:
    """Every page's slider is moved meanwhile, once in so many seconds on average."""
    movers = [asyncio.create_task(_move_for_ever(page, every)) for page in pages]
    try:
        yield
    finally:
        for mover in movers:
            mover.cancel()


def p99(waits: Sequence[float]) -> float:
    """Of waits in ascending order, that which 99 of 100 keep to."""
    return waits[int(len(waits) * 0.99)]


async def _move_for_ever(page: Page, every: float) -> None:
    while True:
        await asyncio.sleep(random.uniform(0, 2 * every))  # noqa: S311  (nothing is secret)
        await page.set(temperature=random.uniform(0.5, 1.5))  # noqa: S311
