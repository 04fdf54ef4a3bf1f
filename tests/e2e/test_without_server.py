"""The page without its scripts, its server, or WebSockets."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocketRoute, expect

from bench.harness.server import LiveServer
from tests.e2e.conftest import PageFactory
from tests.e2e.page import await_figure, await_status, open_page, wait_until

END_ANIMATIONS = """
  document
    .getAnimations()
    .filter(({ animationName }) => animationName === "appear")
    .forEach((animation) => animation.finish())
"""
SOCKET = "**/socket.io/**"
WHEN_SWALLOWED_MS = 6_000
"""Until the page no longer waits for the handshake of a WebSocket."""
PROMISE = ".already-training"
MESSAGE = "#not_started"


def test_without_javascript_the_page_says_so(page_factory: PageFactory, server: LiveServer) -> None:
    """A visitor without JavaScript is told, and not promised a network that trains."""
    page = page_factory.new_isolated_page(base_url=server.url, java_script_enabled=False)
    page.goto("/")
    expect(page.locator(MESSAGE)).to_be_visible()
    expect(page.locator(".status")).to_be_hidden()
    expect(page.locator(PROMISE)).to_be_hidden()


def test_a_page_whose_scripts_are_blocked_says_so_after_a_while(page: Page) -> None:
    """The message needs no script, and disappears if the page starts after all."""
    page.route("**/main-*.js", lambda route: route.abort())
    page.goto("/")
    message = page.locator(MESSAGE)
    expect(message).to_be_hidden()
    page.evaluate(END_ANIMATIONS)
    expect(message).to_be_visible()
    expect(page.locator(PROMISE)).to_be_hidden()
    page.unroute_all()
    open_page(page)
    page.evaluate(END_ANIMATIONS)
    expect(message).to_be_hidden()
    expect(page.locator(PROMISE)).to_be_visible()


def test_a_page_whose_websockets_are_swallowed_polls(page: Page) -> None:
    """Proxies that break WebSockets do not keep visitors out."""
    opened: list[WebSocketRoute] = []
    page.clock.install()
    page.route_web_socket(SOCKET, lambda socket: opened.append(socket))  # noqa: PLW0108
    page.goto("/")
    wait_until(page, lambda: bool(opened))
    page.clock.fast_forward(WHEN_SWALLOWED_MS)
    await_figure(page, "steps", 0)
    await_status(page, "learning")
