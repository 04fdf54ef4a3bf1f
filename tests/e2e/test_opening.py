"""What the page asks for when it is opened, and when it is opened again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, WebSocket

from bench.harness.server import LiveServer
from tests.e2e.conftest import PageFactory
from tests.e2e.page import await_figure, await_more_steps, open_page, show_text

MOST_REQUESTS = 12
MOST_BYTES = 150_000
MOST_BYTES_AGAIN = 600
"""The answer that nothing has changed, with its headers."""
SIZES = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
FETCHED = """
  (size) => ["navigation", "resource"]
    .flatMap((type) => performance.getEntriesByType(type))
    .map((entry) => [new URL(entry.name).pathname, entry[size]])
"""


def fetched(page: Page, size: str) -> dict[str, int]:
    """The bytes of everything that the page has fetched, by path."""
    return dict(page.evaluate(FETCHED, size))


@pytest.mark.parametrize("viewport", SIZES)
def test_a_first_visit_takes_few_requests_and_bytes(
    page_factory: PageFactory, server: LiveServer, viewport: ViewportSize
) -> None:
    """Everything counts until the network has been shown for a while.

    Of the socket, the handshake counts as a request, and as bytes all messages until then,
    uncompressed.
    """
    page = page_factory.new_isolated_page(base_url=server.url, viewport=viewport)
    requests: list[str] = []
    messages: list[int] = []

    def count(socket: WebSocket) -> None:
        requests.append(socket.url)
        socket.on("framereceived", lambda message: messages.append(len(message)))

    page.on("request", lambda request: requests.append(request.url))
    page.on("websocket", count)
    open_page(page)
    received = sum(messages)
    await_more_steps(page, times=3)

    sizes = fetched(page, "encodedBodySize")
    assert any(path.startswith("/static/main-") for path in sizes)
    assert min(sizes.values()) > 0, "something came out of a cache"
    assert sum(sizes.values()) + received <= MOST_BYTES, (sizes, received)
    assert len(requests) <= MOST_REQUESTS, requests
    api = [path for path in sizes if path.startswith("/api/")]
    assert api == [], "the text is fetched when its box comes into view"
    show_text(page)
    assert page.locator("#text_choice").input_value()


def test_a_reload_asks_only_for_what_may_have_changed(
    page_factory: PageFactory, server: LiveServer
) -> None:
    page = page_factory.new_isolated_page(base_url=server.url, viewport=SIZES[-1])
    open_page(page)
    first = fetched(page, "transferSize")
    page.reload()
    await_figure(page, "steps", 0)
    again = fetched(page, "transferSize")
    assert again.keys() == first.keys()
    asked = {path: size for path, size in again.items() if size}
    assert asked.keys() == {"/"}
    assert sum(asked.values()) <= MOST_BYTES_AGAIN, asked
