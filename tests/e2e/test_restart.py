"""The page comes back when its server does."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Visitors
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


def test_a_page_outlives_its_server_and_finds_its_network_as_it_was(
    visitors: Visitors, tmp_path: Path
) -> None:
    with running_server(tmp_path) as server:
        page = visitors.come_afresh(base_url=server.url)
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
