"""The page holds to WCAG 2.2 AA, as far as a program can tell: axe finds nothing."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.e2e.looking import open_panel
from tests.e2e.the_page import open_page, pause
from tests.support.server import RunningServer

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PANELS = ("surprise", "units", "letter_map", "weights", "gradient_check")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_with_everything_open(
    browser: Browser, server: RunningServer, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(
        base_url=server.url, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = open_page(context.new_page())
    for panel in PANELS:
        open_panel(page, panel)
        page.locator(f"#panel_{panel} .look-body").wait_for()
    page.locator("#complete_prime").fill("the ")
    page.locator("#complete_beam").wait_for()
    page.locator("#look_text").fill("日")  # so that faults are looked at as well
    page.locator("#look_text_error", has_text="日").wait_for()
    if width == 390:  # both states are looked at, and one that stands still in half the time
        pause(page)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    context.close()
    assert found.violations_count == 0, found.generate_report()
