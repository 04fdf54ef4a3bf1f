"""A real browser, with isolated pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from bench.harness.server import LiveServer
from tests.support.browser import find_browser

BROWSER_ARGUMENTS = (
    "--no-sandbox",  # required for root in a container; the pages are trusted
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)

# Long enough for a busy machine that compiles kernels; no test measures time.
PATIENCE_MS = 60_000

DESKTOP = {"width": 1440, "height": 900}

REPORT_VIOLATIONS = """
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    reportError(new Error(`${violatedDirective} forbids ${blockedURI}`)));
"""
"""Reports violations of the content security policy as page errors, which fail the test."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser of this package's tests, which is slow to start.

    Its scope is not the session: the event loop of its driver runs in this thread, where other
    tests need their own.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=list(BROWSER_ARGUMENTS)
        )
        yield chromium
        chromium.close()


class PageFactory:
    """Makes pages, each with its own cookies and storage.

    Contexts are cleared and reused, because their cached files halve the time that a page takes to
    open.

    Attributes:
        page_errors: uncaught errors of the pages.
    """

    def __init__(self, browser: Browser) -> None:
        self.page_errors: list[Error] = []
        self._browser = browser
        self._free: list[BrowserContext] = []
        self._taken: list[BrowserContext] = []
        self._fresh: list[BrowserContext] = []

    def new_page(self, url: str) -> Page:
        """A page in an empty context of the shared server."""
        context = self._free.pop() if self._free else self._new_context(base_url=url)
        self._taken.append(context)
        return context.new_page()

    def new_isolated_page(self, **options: Any) -> Page:
        """A page in a context that is not reused."""
        context = self._new_context(**options)
        self._fresh.append(context)
        return context.new_page()

    def close_all(self) -> None:
        """Close all pages, so that the server evicts their sessions."""
        for context in self._fresh:
            context.close()
        for context in self._taken:
            _empty(context)
        self._free += self._taken
        self._taken, self._fresh = [], []

    def _new_context(self, **options: Any) -> BrowserContext:
        context = self._browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("weberror", lambda error: self.page_errors.append(error.error))
        return context


def _empty(context: BrowserContext) -> None:
    """Close the pages and clear all data of the context except cached files."""
    *others, last = context.pages or [context.new_page()]
    for page in others:
        page.close()
    origin = last.evaluate("origin")
    if origin != "null":
        context.new_cdp_session(last).send(
            "Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"}
        )
    last.close()
    context.clear_cookies()
    context.clear_permissions()


@pytest.fixture(scope="package")
def _page_factory(browser: Browser) -> PageFactory:
    return PageFactory(browser)


@pytest.fixture
def page_factory(_page_factory: PageFactory) -> Iterator[PageFactory]:
    """Makes pages for a test; an uncaught error in one of them fails it."""
    yield _page_factory
    _page_factory.close_all()
    errors, _page_factory.page_errors = _page_factory.page_errors, []
    assert errors == []


@pytest.fixture
def new_page(page_factory: PageFactory, server: LiveServer) -> Callable[[], Page]:
    """Makes pages of the shared server, each with its own session."""
    return lambda: page_factory.new_page(server.url)


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """A page, before its first `page.goto("/")`."""
    return new_page()


@pytest.fixture
def isolated_page(page_factory: PageFactory) -> Page:
    """A page for a server that the test itself starts."""
    return page_factory.new_isolated_page()
