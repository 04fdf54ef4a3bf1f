"""WCAG 2.2 AA, as far as axe checks it, and the keyboard shortcuts."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.page import (
    await_more_steps,
    await_state,
    await_status,
    expect_fault,
    learn,
    notice,
    open_page,
    open_panel,
    pause,
    share,
)

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"type": "tag", "values": RULES}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
"""The rules that depend on the colour scheme."""
PANELS = ("surprise", "units", "letter_map", "weights", "gradient_check")


def assert_no_violation(
    page: Page, rules: dict[str, Any] = EVERYTHING, within: str | None = None
) -> None:
    """Assert that axe finds no violation on the page or in a part of it."""
    found = Axe().run(
        page, context=within, options={"runOnly": rules, "resultTypes": ["violations"]}
    )
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_no_violation_with_everything_open(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="light")
    open_page(page)
    for panel in PANELS:
        open_panel(page, panel)
        await_state(page, f"#panel_{panel}", "ready" if panel == "gradient_check" else "shown")
    page.locator("#complete_prime").fill("the ")
    await_state(page, "#panel_complete", "shown")
    page.locator("#look_text").fill("日")  # an invalid text, so that errors are checked too
    await_state(page, "#panel_reading", "refused")
    pause(page)  # axe takes half the time on a page that does not change
    assert_no_violation(page)
    page.emulate_media(color_scheme="dark")
    assert_no_violation(page, COLOURS)


def test_axe_finds_no_violation_in_dialogs_and_notices(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    open_page(page)
    learn(page, "abab\nbaba", hidden_sizes="8")
    pause(page)
    page.goto(share(page))
    await_status(page, "paused")
    share(page)
    page.locator("#copies").get_by_role("button").click()
    expect(page.locator("#copies li")).to_have_count(0)
    page.locator("#open_shared").click()
    expect_fault(page, "offer", "no_such_copy")
    learn(page, hidden_sizes="4")
    expect(notice(page, "undo_available")).to_be_visible()
    page.locator("#temperature_typed").fill("hot")
    page.locator("#temperature_typed").press("Enter")
    expect_fault(page, "temperature", "not_a_number")
    pause(page)
    assert_no_violation(page)
    page.emulate_media(color_scheme="dark")
    for part in ("#offer", "#notices", "#panel_samples"):
        assert_no_violation(page, COLOURS, within=part)
    page.locator("#keys_open").click()
    assert_no_violation(page, within="#keys")
    page.goto("/s/nowhere")
    assert_no_violation(page)


def test_keyboard_shortcuts_yield_to_focused_controls(
    page: Page,
) -> None:
    open_page(page)
    page.locator("body").press(" ")
    await_status(page, "paused")
    assert page.evaluate("scrollY") == 0
    page.locator("body").press(" ")
    await_status(page, "learning")
    prime, slider, keys = "#complete_prime", "#lr_slider", page.get_by_role("dialog")
    page.locator(prime).press("?")
    page.locator(prime).press(" ")
    expect(page.locator(prime)).to_have_value("? ")
    page.locator("#keys_open").press(" ")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(slider).press(" ")
    page.locator(slider).press("?")
    expect(keys).to_be_visible()
    expect(keys.get_by_role("button")).to_be_focused()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(page.locator(slider)).to_be_focused()
    await_more_steps(page, 2)
    await_status(page, "learning")
