"""Screenshots of the page: `make pictures`.

Those of the README are written to docs/; those of every state, at both widths and in both colour
schemes, to pictures/, for reviewing changes of the page's appearance.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import click
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, expect, sync_playwright

from bench.browser.page_budgets import launched
from bench.harness.server import LiveServer

ROOT = Path(__file__).resolve().parents[2]
DOCS, STATES = ROOT / "docs", ROOT / "pictures"

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SIZES = ((1440, 900), (390, 844))
PATIENCE_MS = 30_000

FRAMES = 24
FRAME_MS = 500
"""Interval of the animation's frames; it shows the first twelve seconds."""
ANIMATION_WIDTH = 800
COLOURS = 128
"""Colours of the animation, which determine its size."""


@click.command()
@click.option("--browser", envvar="CHARNN_BROWSER", default="chromium", show_default=True)
def main(browser: str) -> None:
    """Take screenshots of the page in every state."""
    STATES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = launched(playwright, browser)
        take_readme_screenshots(chromium)
        for size in SIZES:
            for scheme in SCHEMES:
                take_states(chromium, size, scheme)
        chromium.close()
    print(f"in {DOCS.name}/: page.png, inside.png, learning.gif; in {STATES.name}/: every state")


def take_readme_screenshots(browser: Browser) -> None:
    """Take the README's screenshots and the animation."""
    with started() as server, opened(browser, server, SIZES[0], "light") as page:
        expect(page.locator("#samples .apred").first).not_to_be_empty(timeout=PATIENCE_MS)
        save_animation(list(frames(page)), DOCS / "learning.gif")
        page.wait_for_timeout(20_000)
        page.screenshot(path=DOCS / "page.png")
        for panel in ("letter_map", "weights"):
            page.locator(f"#panel_{panel} > summary").click()
        show_all(page, SIZES[0])
        top, height = page.locator(".inspect").evaluate(
            "(inside) => [inside.offsetTop, inside.offsetHeight]"
        )
        clip: FloatRect = {"x": 0, "y": top, "width": SIZES[0][0], "height": height}
        page.screenshot(path=DOCS / "inside.png", clip=clip, full_page=True)


def frames(page: Page) -> Iterator[Image.Image]:
    """Screenshots of the page at regular intervals."""
    for _ in range(FRAMES):
        picture = Image.open(io.BytesIO(page.screenshot()))
        height = round(picture.height * ANIMATION_WIDTH / picture.width)
        yield picture.convert("RGB").resize((ANIMATION_WIDTH, height), Image.Resampling.LANCZOS)
        page.wait_for_timeout(FRAME_MS)


def save_animation(pictures: list[Image.Image], path: Path) -> None:
    """Write an animation, with the palette of its last frame."""
    method = Image.Quantize.MAXCOVERAGE
    palette = pictures[-1].quantize(COLOURS, method, dither=Image.Dither.NONE)
    first, *others = (each.quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures)
    first.save(path, save_all=True, append_images=others, duration=FRAME_MS, loop=0, optimize=True)


def take_states(browser: Browser, size: tuple[int, int], scheme: Scheme) -> None:
    """Take a screenshot of every state at this size and in this colour scheme."""
    look = f"{size[0]}-{scheme}"

    def take(state: str, page: Page) -> None:
        page.screenshot(path=STATES / f"{state}-{look}.png")

    with started() as server, opened(browser, server, size, scheme) as page:
        take("begun", page)
        page.wait_for_timeout(5000)
        take("learning", page)
        show_all(page, size)
        take("whole", page)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.locator("#opt_hidden_sizes").fill("many")
        page.locator("#learn").click()
        page.locator("#hidden_sizes_error:not(:empty)").wait_for()
        take("fault", page)
        page.locator("#opt_hidden_sizes").fill("100")
        page.locator("#stop").click()
        until_status(page, "paused")
        page.wait_for_timeout(500)
        take("paused", page)
        page.keyboard.press("?")
        page.locator("dialog[open]").wait_for()
        take("keys", page)
        page.keyboard.press("Escape")
        page.locator("#savemodel").click()
        expect(page.locator("#tio")).not_to_have_value("", timeout=PATIENCE_MS)
        page.locator("#tio").scroll_into_view_if_needed()
        take("saved", page)
        page.evaluate("scrollTo(0, 0)")
        diverge(page)
        take("recovered", page)
        server.kill()
        until_status(page, "lost")
        take("lost", page)
    with (
        started(compiled=False) as server,
        opened(browser, server, size, scheme, status="compiling") as page,
    ):
        take("compiling", page)


def show_all(page: Page, size: tuple[int, int]) -> None:
    """Enlarge the viewport to the whole page, and wait for the panels' content."""
    height: int = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size[0], "height": height})
    page.wait_for_timeout(3000)


def diverge(page: Page) -> None:
    """Train a ReLU network at a large learning rate until it has been rolled back."""
    page.locator("#opt_kind").select_option("rnn")
    page.locator("#opt_hidden_sizes").fill("40, 40")
    page.locator("#training_options > summary").click()
    page.locator("#opt_learning_rate").fill("1")
    page.locator("#learn").click()
    until_status(page, "recovered")


def until_status(page: Page, status: str) -> None:
    """Wait until the page shows this status."""
    page.locator(f".status[data-state={status}]").wait_for()


@contextmanager
def started(*, compiled: bool = True) -> Iterator[LiveServer]:
    """A new server, with or without cached kernels."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {} if compiled else {"NUMBA_CACHE_DIR": str(folder / "kernels")}
        with LiveServer(folder / "server", environment=environment) as server:
            yield server


@contextmanager
def opened(
    browser: Browser,
    server: LiveServer,
    size: tuple[int, int],
    scheme: Scheme,
    status: str = "learning",
) -> Iterator[Page]:
    """The page, once it shows this status."""
    width, height = size
    context = browser.new_context(
        base_url=server.url, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/")
    until_status(page, status)
    yield page
    context.close()


if __name__ == "__main__":
    main()
