"""A real browser, and visitors who know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from bench.harness.server import LiveServer
from tests.support.browser import find_browser

BROWSER_ARGUMENTS = (
    "--no-sandbox",  # a container's root has no other way; the pages are our own
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
"""Of the content security policy: each is an error of the page's, which fails its test."""


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


class Visitors:
    """Makes visitors, each with cookies and a memory of their own.

    A context that a visitor has left is emptied and given to a later one: what is left in it is the
    browser's cache of the page's files, which takes half the time off opening the page.

    Attributes:
        page_errors: what nothing in a page has caught.
    """

    def __init__(self, browser: Browser) -> None:
        self.page_errors: list[Error] = []
        self._browser = browser
        self._free: list[BrowserContext] = []
        self._taken: list[BrowserContext] = []
        self._fresh: list[BrowserContext] = []

    def come(self, url: str) -> Page:
        """A tab of a new visitor to the server that all tests share."""
        context = self._free.pop() if self._free else self._new_context(base_url=url)
        self._taken.append(context)
        return context.new_page()

    def come_afresh(self, **options: Any) -> Page:
        """A tab in a context that no other visitor has had or will have."""
        context = self._new_context(**options)
        self._fresh.append(context)
        return context.new_page()

    def leave(self) -> None:
        """All of them close their tabs, and the server stores the networks that nobody watches."""
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
    """Close the tabs, and have the browser forget all that they have left but their files."""
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
def _visitors(browser: Browser) -> Visitors:
    return Visitors(browser)


@pytest.fixture
def visitors(_visitors: Visitors) -> Iterator[Visitors]:
    """Who visits in this test; an error in one of their pages that nothing catches fails it."""
    yield _visitors
    _visitors.leave()
    errors, _visitors.page_errors = _visitors.page_errors, []
    assert errors == []


@pytest.fixture
def new_visitor(visitors: Visitors, server: LiveServer) -> Callable[[], Page]:
    """Makes visitors to the server that all tests share."""
    return lambda: visitors.come(server.url)


@pytest.fixture
def page(new_visitor: Callable[[], Page]) -> Page:
    """A visitor's tab, before its first `page.goto("/")`."""
    return new_visitor()


@pytest.fixture
def lone_page(visitors: Visitors) -> Page:
    """A visitor of a server that the test starts itself."""
    return visitors.come_afresh()
