"""A real browser, and visitors who know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from tests.support.browser import find_browser
from tests.support.server import RunningServer

BROWSER_ARGUMENTS = (
    "--no-sandbox",  # a container's root has no other way; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)

# Long enough for a busy machine that compiles kernels; a test that measures time states its own.
PATIENCE_MS = 60_000

IS_BUSY = "document.querySelector('#stop')?.getAttribute('aria-busy') === 'true'"
"""Whether the server has yet to answer that it pauses."""
LOOK_MS, LOOKS = 10, 200
"""Between two looks; after so many, there may be no server any more."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for this folder's tests: it is slow to start, and its contexts share nothing.

    Not one for the whole run: while it is there its driver's event loop runs in this thread, where
    no test of another folder could have one of its own.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=list(BROWSER_ARGUMENTS)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_visitor(browser: Browser, server: RunningServer) -> Iterator[Callable[[], Page]]:
    """Make visitors, each with cookies of their own; an uncaught error in a page fails the test."""
    contexts = []
    page_errors: list[Error] = []

    def note_error(error: Error) -> None:
        page_errors.append(error)

    def visit() -> Page:
        context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", note_error)
        return page

    yield visit
    for context in contexts:
        _leave(context)
    assert not page_errors


@pytest.fixture
def lone_page(browser: Browser) -> Iterator[Page]:
    """A visitor of a server that the test starts itself."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def _leave(context: BrowserContext) -> None:
    """Close a visitor's tabs, with their network paused: it would learn on and slow the others."""
    for page in context.pages[:1]:
        with suppress(Error):  # it may be a page of the browser's own
            page.evaluate("document.querySelector('#stop')?.click()")
            for _ in range(LOOKS):
                if not page.evaluate(IS_BUSY):
                    break
                page.wait_for_timeout(LOOK_MS)
    context.close()


@pytest.fixture
def page(new_visitor: Callable[[], Page]) -> Page:
    """A visitor's tab, before its first `page.goto("/")`."""
    return new_visitor()
