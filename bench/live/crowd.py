"""Many pages at once, each with a network of its own."""

from __future__ import annotations

import asyncio
import random

from bench.live.page import Page

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


async def move_sliders(page: Page, every: float) -> None:
    """Move a slider for ever, once in so many seconds on average."""
    while True:
        await asyncio.sleep(random.uniform(0, 2 * every))  # noqa: S311  (nothing is secret)
        await page.set(temperature=random.uniform(0.5, 1.5))  # noqa: S311
