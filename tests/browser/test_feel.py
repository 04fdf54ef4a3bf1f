"""How the page feels under the hands: it follows the person, answers at once, and takes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.the_page import wait_until

LIGHT_PAPER, DARK_PAPER = "rgb(251, 250, 247)", "rgb(21, 24, 29)"


def paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def ink_of_the_curve(page: Page) -> str:
    """The colour that a script reads to draw the curve with."""
    colour: str = page.evaluate("getComputedStyle(document.body).getPropertyValue('--curve')")
    return colour


# ------------------------------------------------------------------ light and dark


def test_without_a_choice_the_page_is_as_the_system_wishes(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    expect(page.locator("#scheme")).to_have_value("system")
    assert paper(page) == LIGHT_PAPER
    page.emulate_media(color_scheme="dark")
    assert paper(page) == DARK_PAPER


@pytest.mark.parametrize(
    ("system", "chosen", "shown"), [("light", "dark", DARK_PAPER), ("dark", "light", LIGHT_PAPER)]
)
def test_a_choice_wins_over_the_system_in_every_tab_and_after_a_reload(
    page: Page, system: str, chosen: str, shown: str
) -> None:
    page.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    page.goto("/")
    other_tab = page.context.new_page()
    other_tab.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    other_tab.goto("/")
    page.locator("#scheme").select_option(chosen)
    assert paper(page) == shown
    expect(other_tab.locator("#scheme")).to_have_value(chosen)
    assert paper(other_tab) == shown
    page.reload()
    expect(page.locator("#scheme")).to_have_value(chosen)
    assert paper(page) == shown
    page.locator("#scheme").select_option("system")
    assert paper(page) != shown
    assert page.evaluate("localStorage.getItem('scheme')") is None


def test_the_choice_is_there_before_anything_is_drawn(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.locator("#scheme").select_option("dark")
    page.add_init_script(
        "new MutationObserver((_, watch) => { if (!document.body) return; watch.disconnect();"
        " window.atFirst = document.documentElement.dataset.scheme; })"
        ".observe(document, {childList: true, subtree: true});"
    )
    page.reload()
    assert page.evaluate("window.atFirst") == "dark"


def test_scripts_that_draw_hear_of_the_change_and_read_plain_colours(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    expect(page.locator("#scheme")).to_have_value("system")
    page.evaluate(
        "window.heard = 0; addEventListener('schemechange', () => { window.heard += 1; });"
    )
    light = ink_of_the_curve(page)
    page.locator("#scheme").select_option("dark")
    assert page.evaluate("window.heard") == 1
    dark = ink_of_the_curve(page)
    page.locator("#scheme").select_option("system")
    page.emulate_media(color_scheme="dark")
    wait_until(page, lambda: page.evaluate("window.heard") == 3)
    assert (light, dark) == ("rgb(116, 69, 176)", "rgb(195, 157, 242)")
    assert ink_of_the_curve(page) == dark
