"""Layout stability, visibility of the main panels, and colour schemes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.page import (
    await_state,
    await_status,
    figure,
    greedy,
    open_page,
    open_panel,
    samples,
    wait_until,
)

DESKTOPS = ((1440, 900), (1280, 800))
WIDTHS = (1440, 390)
PHONE: ViewportSize = {"width": 390, "height": 844}
IN_ORDER_ON_A_PHONE = (
    "ppl",
    "pplgraph",
    "samples",
    "temperature_slider",
    "lr_slider",
    "heading_introduction",
    "ti",
)
TOP = "(element) => element.getBoundingClientRect().top"
ALL_OF_IT = 10_000
"""A viewport as high as the page: layout shifts outside of it are not reported."""
CHANGES = 4
"""Number of sample updates during the observation."""
PANELS = ("surprise", "units", "letter_map", "weights", "gradient_check")

WATCH_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map(({ node }) => node?.id || node?.className || String(node));
      window.shifts.push(`${entry.value}: ${moved}`);
    }
  }).observe({ type: "layout-shift" });
"""
PUSH_DOWN = """
  const pushing = document.createElement("p");
  pushing.textContent = "pushing";
  document.querySelector("#panel_stats").before(pushing);
"""
PLACES = """
  Object.fromEntries(
    [...document.querySelectorAll("[id^=panel_]")].map(({ id, offsetTop }) => [id, offsetTop]),
  )
"""
"""The position of every panel in its column, independent of scrolling."""
SCHEME_AT_FIRST = """
  new MutationObserver((_, watch) => {
    if (!document.body) return;
    watch.disconnect();
    window.atFirst = document.documentElement.dataset.scheme;
  }).observe(document, { childList: true, subtree: true });
"""
COLOUR = "token => getComputedStyle(document.body).getPropertyValue(token).trim()"


def paper(page: Page) -> float:
    """The luminance of the page's background, from 0 to 1."""
    return luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_main_panels_fit_the_viewport(page: Page) -> None:
    open_page(page)
    page.locator("#hints_seen").click()
    for width, height in DESKTOPS:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        for element in ("learn", "lr_slider", "ppl", "pplgraph", "temperature_slider", "samples"):
            expect(page.locator(f"#{element}")).to_be_in_viewport(ratio=1)
        expect(page.locator("#argmax .apred")).to_be_in_viewport(ratio=1)


def test_the_first_screen_of_a_phone_shows_that_the_network_learns(page: Page) -> None:
    """Perplexity, its fall and a sample, without scrolling; then the sliders, then the rest."""
    page.set_viewport_size(PHONE)
    page.add_init_script(WATCH_SHIFTS)
    open_page(page)
    sample = page.locator("#samples .apred").first
    expect(page.locator("#best")).to_be_visible()  # what comes later moves nothing
    for element in (page.locator("#ppl"), page.locator("#ppl_change"), sample):
        expect(element).not_to_be_empty()
        expect(element).to_be_in_viewport(ratio=1)
    assert page.evaluate("[scrollY, window.shifts]") == [0, []]
    tops = [page.locator(f"#{each}").evaluate(TOP) for each in IN_ORDER_ON_A_PHONE]
    assert tops == sorted(tops)
    page.locator("#temperature_slider").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#learn")).to_be_focused()  # focus follows the order on the screen


@pytest.mark.parametrize("width", WIDTHS)
def test_no_layout_shift_during_training(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": ALL_OF_IT})
    open_page(page)
    wait_until(page, lambda: all(samples(page)) and greedy(page) != "")
    await_state(page, ".curve", "whole")
    page.evaluate(WATCH_SHIFTS)
    written: set[str] = set()

    def keeps_changing() -> bool:
        written.add("\n".join(samples(page)))
        return len(written) > CHANGES

    wait_until(page, keeps_changing)
    assert figure(page, "ppl") > 1
    assert page.evaluate("window.shifts") == []
    page.evaluate(PUSH_DOWN)  # the observer reports shifts
    page.wait_for_function("() => window.shifts.length > 0")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_layout_shift_or_horizontal_scrolling_on_scroll(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page)
    before = page.evaluate(PLACES)
    assert len(before) > 8
    for shown in ("#surprise_perplexity", "#units_text", "#units_finding_outcome"):
        page.locator(shown).scroll_into_view_if_needed()
        expect(page.locator(shown)).not_to_be_empty()
    assert page.evaluate(PLACES) == before
    for panel in PANELS:
        open_panel(page, panel)
        await_state(page, f"#panel_{panel}", "ready" if panel == "gradient_check" else "shown")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_color_scheme_is_set_before_first_paint(
    page: Page,
) -> None:
    def lightness(token: str) -> float:
        return luminance(page.evaluate(COLOUR, token))

    def assert_units_are_legible() -> None:
        ink, below, zero, above = map(lightness, ("--ink", "--below", "--zero", "--above"))
        assert all(contrast(ink, end) >= 4.5 for end in (below, zero, above))
        assert contrast(below, above) < 1.1  # same luminance, another hue

    page.emulate_media(color_scheme="dark")
    page.goto("/")
    await_status(page, "learning")
    assert paper(page) < 0.1
    assert_units_are_legible()
    page.emulate_media(color_scheme="light")
    assert paper(page) > 0.9
    assert_units_are_legible()

    page.locator("#scheme").select_option("dark")
    assert paper(page) < 0.1
    page.add_init_script(SCHEME_AT_FIRST)
    page.reload()
    assert page.evaluate("window.atFirst") == "dark"
    expect(page.locator("#scheme")).to_have_value("dark")
    assert paper(page) < 0.1


def luminance(colour: str) -> float:
    """The relative luminance of rgb(r, g, b), by the WCAG."""
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)]
    assert len(shares) == 3
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
