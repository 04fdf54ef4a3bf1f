"""Access control and the content security policy."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from bench.harness.server import LiveServer
from tests.e2e.conftest import PageFactory
from tests.e2e.page import await_figure, await_state, await_status, expect_fault, notice, open_page
from tests.support.server import running_server

WHEN_FULL_MS = 10_000
"""Delay of the page's next attempt to connect."""
STYLE_INLINE = """
  document.body.insertAdjacentHTML("beforeend", '<p style="color: red">styled</p>');
"""
"""An inline style, which the content security policy forbids."""


def test_token_form_compiling_status_and_page_limit(
    page_factory: PageFactory, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    environment = {"CHARNN_TOKEN": "s3cret and longer", "CHARNN_HOLD_COMPILER": str(ready)}
    with running_server(
        tmp_path, "--max-pages-per-session", "1", environment=environment
    ) as server:
        first = page_factory.new_isolated_page(base_url=server.url)
        first.goto("/")
        first.get_by_role("textbox").fill("wrong")
        first.get_by_role("button").click()
        expect_fault(first, "token", "token_wrong")
        first.get_by_role("textbox").fill("s3cret and longer")
        first.get_by_role("button").click()
        await_status(first, "compiling")
        assert first.url == f"{server.url}/"
        ready.touch()
        await_status(first, "learning")
        await_figure(first, "steps", 0)

        second = first.context.new_page()
        second.clock.install()
        second.goto("/")
        expect(notice(second, "pages_per_session")).to_be_visible()
        first.close()
        second.clock.fast_forward(WHEN_FULL_MS)
        await_figure(second, "steps", 0)
        await_state(second, "#notices", "empty")


def test_origin_and_content_security_policy(page_factory: PageFactory, server: LiveServer) -> None:
    page = page_factory.new_isolated_page(base_url=server.url)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    open_page(page)
    own = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in addresses if not url.startswith(own)] == []
    assert complaints == []

    with page.expect_event("pageerror") as reported:
        page.evaluate(STYLE_INLINE)
    assert "style-src" in reported.value.message
    assert len(page_factory.page_errors) == 1  # so it would fail any other test
    page_factory.page_errors.clear()
