"""Access control and the content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from bench.harness.server import LiveServer
from tests.e2e.conftest import PageFactory
from tests.e2e.page import await_figure, await_state, await_status, expect_fault, notice, open_page
from tests.support.server import running_server

TOKEN = "s3cret and longer"
WHEN_FULL_MS = 10_000
"""Delay of the page's next attempt to connect."""
STYLE_INLINE = """
  document.body.insertAdjacentHTML("beforeend", '<p style="color: red">styled</p>');
"""
"""An inline style, which the content security policy forbids."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, Path]]:
    """A server with a token that lets a session have one page, and compiles once a file exists."""
    folder = tmp_path_factory.mktemp("guarded")
    ready = folder / "ready"
    environment = {"CHARNN_TOKEN": TOKEN, "CHARNN_HOLD_COMPILER": str(ready)}
    with running_server(folder, "--max-pages-per-session", "1", environment=environment) as server:
        yield server, ready


def test_token_form_and_compiling_status(
    page_factory: PageFactory, guarded: tuple[LiveServer, Path]
) -> None:
    server, ready = guarded
    page = page_factory.new_isolated_page(base_url=server.url)
    page.goto("/")
    page.get_by_role("textbox").fill("wrong")
    page.get_by_role("button").click()
    expect_fault(page, "token", "token_wrong")
    page.get_by_role("textbox").fill(TOKEN)
    page.get_by_role("button").click()
    await_status(page, "compiling")
    assert page.url == f"{server.url}/"
    ready.touch()
    await_status(page, "learning")
    await_figure(page, "steps", 0)


def test_page_limit(page_factory: PageFactory, guarded: tuple[LiveServer, Path]) -> None:
    server, ready = guarded
    ready.touch()
    first = page_factory.new_isolated_page(base_url=server.url)
    first.goto(f"/?token={quote(TOKEN)}")
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
