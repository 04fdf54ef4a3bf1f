"""What tests of the panels that look inside have in common."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.e2e.the_page import wait_until


def open_panel(page: Page, panel: str) -> None:
    """Open a panel if it is closed, and have it in sight."""
    details = page.locator(f"#panel_{panel}")
    details.scroll_into_view_if_needed()
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    details.locator(".look-body").scroll_into_view_if_needed()


def close_panel(page: Page, panel: str) -> None:
    """Close a panel if it is open."""
    details = page.locator(f"#panel_{panel}")
    if details.get_attribute("open") is not None:
        details.locator("summary").first.click()


def table(page: Page, panel: str) -> list[list[str]]:
    """The rows of the table behind a panel's picture, which is opened for it."""
    behind = page.locator(f"#panel_{panel} .behind")
    if behind.get_attribute("open") is None:
        behind.locator("summary").click()
    rows = behind.locator("tbody tr")
    wait_until(page, lambda: rows.count() > 0)
    found: list[list[str]] = rows.evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return found


def sent(page: Page) -> list[str]:
    """What the page sends from now on; to be called before it is opened."""
    frames: list[str] = []

    def note(frame: str | bytes) -> None:
        frames.append(str(frame))

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return frames


def asks(frames: list[str], event: str) -> Callable[[], int]:
    """Counts the questions of a kind that the page has asked."""
    return lambda: sum(f'["{event}"' in str(frame) for frame in frames)
