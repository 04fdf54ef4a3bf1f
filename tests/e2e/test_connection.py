"""Servers stop and start, kernels take their time: the page says so and goes on by itself."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from model.kernels.compile import cache_folder
from tests.e2e.the_page import figure, open_page, text, wait_until
from tests.support.server import running_server


def test_the_page_says_when_the_connection_is_lost_and_picks_up_again(
    lone_page: Page, tmp_path: Path
) -> None:
    page = lone_page
    with running_server(tmp_path) as server:
        page.goto(server.url)
        wait_until(page, lambda: figure(page, "steps") > 0)
        port = urlsplit(server.url).port or 0
    expect(page.locator("#status")).to_have_text(re.compile("connection lost", re.IGNORECASE))
    with running_server(tmp_path, port=port):
        expect(page.locator("#status")).to_have_text(re.compile("learning", re.IGNORECASE))
        wait_until(page, lambda: figure(page, "steps") > 0)


def copy_compiled(own: Path, other: Path) -> None:
    """Copy what is compiled but for a kernel that is soon done: all take half a minute."""
    for file in own.rglob("*.nb[ic]"):
        if not file.name.startswith("entry.evaluate"):
            with suppress(FileNotFoundError):  # another process has just replaced it
                folder = other / file.parent.relative_to(own)
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, folder)


def test_while_the_kernels_compile_the_page_says_so_and_then_trains(
    lone_page: Page, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    compiled = cache_folder()
    copy_compiled(compiled, cache / compiled.name)
    with running_server(tmp_path, environment={"NUMBA_CACHE_DIR": str(cache)}) as server:
        lone_page.goto(server.url)
        expect(lone_page.locator("#status")).to_have_text(re.compile("compiling", re.IGNORECASE))
        wait_until(lone_page, lambda: figure(lone_page, "steps") > 0, seconds=60)
        assert "learning" in text(lone_page, "status").lower()


def test_other_tabs_of_a_browser_follow_the_same_network(page: Page) -> None:
    open_page(page)
    other = page.context.new_page()
    other.goto("/")
    page.locator("#stop").click()
    expect(other.locator("#status")).to_have_text(re.compile("paused", re.IGNORECASE))
    wait_until(page, lambda: figure(page, "steps") == figure(other, "steps"))
