"""The page says whether what has been learnt is safe, and comes back when the server does."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from bench.live.ports import free_port
from tests.support.server import running_server

SAVED = re.compile(r"Saved at .*\d")


def have_it_saved(page: Page) -> None:
    """Pause, which is saved at once; a network that learns has its turn some seconds later."""
    expect(page.locator("#status")).to_have_text("Learning")
    page.locator("#stop").click()
    expect(page.locator("#saved")).to_have_text(SAVED)


def test_the_page_says_when_it_was_last_saved(page: Page) -> None:
    page.goto("/")
    have_it_saved(page)
    expect(page.locator("#unsaved")).to_be_hidden()


def test_the_page_says_that_it_is_not_being_saved_as_long_as_that_is_so(
    browser: Browser, tmp_path: Path
) -> None:
    with running_server(tmp_path) as server:
        context = browser.new_context(base_url=server.url)
        page = context.new_page()
        page.goto("/")
        have_it_saved(page)
        store = tmp_path / "data" / "sessions.sqlite"
        with _locked(store):
            page.locator("#learn").click()  # another network is to be saved at once, too
            expect(page.locator("#unsaved")).to_contain_text("Not being saved")
            expect(page.locator("#status")).to_have_text("Learning")
        expect(page.locator("#unsaved")).to_be_hidden()
        context.close()


def test_a_page_is_told_of_a_restart_and_finds_its_network_again(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
    page = context.new_page()
    with running_server(tmp_path, port=port):
        page.goto("/")
        expect(page.locator("#status")).to_have_text("Learning")  # before, its text is to come
        page.locator("#ti").fill("my own words\nand some more")
        page.locator("#learn").click()
        expect(page.locator("#edited")).to_be_hidden()
        expect(page.locator("#ppl .figure-value")).to_have_text(re.compile(r"\d"))
    expect(page.locator("#notices")).to_contain_text("restarting")
    with running_server(tmp_path, port=port):
        expect(page.locator("#status")).to_have_text("Learning")
        expect(page.locator("#ti")).to_have_value("my own words\nand some more")
        expect(page.locator("#notices")).not_to_contain_text("restarting")
    context.close()


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    """Write to the file and never end, as another program might."""
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()
