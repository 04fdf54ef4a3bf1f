"""The tour of one minute, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page import await_state, open_page
from tests.e2e.test_accessibility import COLOURS, assert_no_violation

STEPS = 9


def press_focused(page: Page, name: str) -> None:
    """Tab to the button with this id, and press it with the keyboard."""
    for _ in range(STEPS):
        if page.evaluate("document.activeElement.id") == name:
            break
        page.keyboard.press("Tab")
    expect(page.locator(f"#{name}")).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_tour_is_walked_through_by_keyboard_alone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    open_page(page)
    page.locator("#tour_open").focus()
    page.keyboard.press("Enter")
    for step in range(STEPS):
        expect(page.locator("#tour_title")).to_be_focused()
        expect(page.locator(".tour-target")).to_be_in_viewport()
        if page.locator("#tour_do").is_visible():
            press_focused(page, "tour_do")
            await_state(page, "#tour", "done")
        if step == 1:
            assert_no_violation(page, within="#tour")
            page.emulate_media(color_scheme="dark")
            assert_no_violation(page, COLOURS, within="#tour")
        press_focused(page, "tour_next")
    await_state(page, "#tour", "closed")
    expect(page.locator("#tour_open")).to_be_focused()
    expect(page.locator("#lr_typed")).to_have_value("0.01000")
    expect(page.locator("#temperature_typed")).to_have_value("0.70")


def test_a_visitor_moves_the_slider_that_the_tour_points_at(page: Page) -> None:
    open_page(page)
    page.locator("#tour_open").press("Enter")
    press_focused(page, "tour_next")
    page.keyboard.press("Tab")  # past the tour's own buttons, to the controls it stands before
    while not page.locator("#lr_slider").evaluate("(slider) => slider === document.activeElement"):
        page.keyboard.press("Tab")
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    await_state(page, "#tour", "done")
    page.locator("#tour_leave").press("Enter")
    expect(page.locator("#lr_typed")).to_have_value("0.01000")
    await_state(page, "#tour", "closed")
