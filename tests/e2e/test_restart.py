"""The page reconnects after a server restart."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import PageFactory
from tests.e2e.page import (
    await_figure,
    await_status,
    figure,
    learn,
    model,
    notice,
    open_page,
    pause,
)
from tests.support.server import running_server

WORDS = "my own words\nand some more"


def test_page_reconnects_after_a_server_restart(page_factory: PageFactory, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        page = page_factory.new_isolated_page(base_url=server.url)
        open_page(page)
        learn(page, WORDS, hidden_sizes="8")
        await_figure(page, "steps", 300)
        pause(page)
        steps, saved = figure(page, "steps"), model(page)
        page.evaluate("window.opened = 'once'")
        server.stop()
        expect(notice(page, "restarting")).to_be_visible()
        await_status(page, "lost")
        server.start()
        await_status(page, "paused")
        assert model(page) == saved
        expect(page.locator("#argmax .apred")).not_to_be_empty()
        assert figure(page, "steps") == steps
        expect(page.locator("#ti")).to_have_value(WORDS)
        expect(notice(page, "restarting")).to_have_count(0)
        page.locator("#resume").click()
        await_figure(page, "steps", steps)
        assert page.evaluate("window.opened") == "once"
