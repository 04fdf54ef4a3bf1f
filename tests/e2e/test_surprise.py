"""A text shaded by how little the network expected it."""

from __future__ import annotations

import math
import re

from playwright.sync_api import Page, expect

from tests.e2e.looking import asks, close_panel, open_panel, sent, table
from tests.e2e.the_page import open_page, pause, wait_until


def shades(page: Page) -> list[str]:
    found: list[str] = page.locator("#surprise_text .shaded-mark").evaluate_all(
        "marks => marks.map((mark) => mark.dataset.shade)"
    )
    return found


def names(page: Page) -> list[str]:
    found: list[str] = page.locator("#surprise_text .shaded-mark").evaluate_all(
        "marks => marks.map((mark) => mark.ariaLabel)"
    )
    return found


def read(page: Page, text: str) -> None:
    """Have the network read a text, and wait until it is shown."""
    page.locator("#look_text").fill(text)
    expect(page.locator("#surprise_text")).to_have_text(f"{text}END")


def test_every_character_and_the_end_is_shaded_and_moves_as_the_network_learns(page: Page) -> None:
    open_page(page)
    open_panel(page, "surprise")
    read(page, "the best of us")
    assert len(shades(page)) == len("the best of us") + 1
    assert set(shades(page)) <= set("01234567")
    first = names(page)
    wait_until(page, lambda: names(page) != first)


def test_the_probabilities_in_the_table_multiply_to_the_perplexity_that_is_shown(
    page: Page,
) -> None:
    open_page(page)
    pause(page)
    open_panel(page, "surprise")
    read(page, "we ask the users")
    rows = table(page, "surprise")
    assert [row[0] for row in rows][:4] == ["w", "e", "space", "a"]
    assert rows[-1][0] == "END"
    probabilities = [float(row[1].removesuffix(" %").replace(",", "")) / 100 for row in rows]
    multiplied = math.prod(probabilities) ** (-1 / len(probabilities))
    told = re.search(r"[\d.]+", page.locator("#surprise_perplexity").inner_text())
    assert told is not None
    assert math.isclose(float(told[0]), multiplied, rel_tol=0.01)
    bits = [float(row[2]) for row in rows]
    for p, bit in zip(probabilities, bits, strict=True):
        assert abs(-math.log2(p) - bit) < 0.1


def test_pointing_at_a_character_shows_the_five_likeliest_there(page: Page) -> None:
    open_page(page)
    pause(page)
    open_panel(page, "surprise")
    read(page, "the best")
    page.locator("#surprise_text .shaded-mark").nth(2).hover()
    expect(page.locator("#surprise_context")).to_contain_text("After “th” comes “e”")
    bars = page.locator("#surprise_likeliest li")
    shares = [
        float(each.replace("<", "").removesuffix("%"))
        for each in bars.locator(".likely-share").all_text_contents()
    ]
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 101
    row = table(page, "surprise")[2]
    assert row[3].startswith(bars.locator(".likely-name").first.inner_text())
    wide = bars.locator(".likely-bar").first.bounding_box()
    narrow = bars.locator(".likely-bar").last.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert wide["width"] >= narrow["width"]


def test_the_text_is_one_stop_of_the_keyboard_and_arrows_move_along(page: Page) -> None:
    open_page(page)
    pause(page)
    open_panel(page, "surprise")
    read(page, "a b")
    chosen = page.locator("#surprise_text [tabindex='0']")
    expect(chosen).to_have_count(1)
    chosen.focus()
    page.keyboard.press("Home")
    expect(page.locator("#surprise_context")).to_contain_text("At the start comes “a”")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#surprise_context")).to_contain_text("After “a” comes space")
    focused = page.get_by_role("option", name=re.compile(r"^space, [\d.<]+"))
    expect(focused).to_be_focused()
    expect(focused).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.locator("#surprise_context")).to_contain_text("comes END")
    page.keyboard.press("ArrowRight")  # there is nothing after the end
    expect(page.locator("#surprise_context")).to_contain_text("comes END")


def test_the_place_that_was_chosen_stays_while_the_network_learns(page: Page) -> None:
    open_page(page)
    open_panel(page, "surprise")
    read(page, "the best")
    mark = page.locator("#surprise_text .shaded-mark").nth(1)
    mark.focus()
    first = names(page)
    wait_until(page, lambda: names(page) != first)
    expect(mark).to_be_focused()
    expect(page.locator("#surprise_context")).to_contain_text("After “t” comes “h”")


def test_closed_it_asks_nothing(page: Page) -> None:
    frames = sent(page)
    open_page(page)
    open_panel(page, "surprise")
    questions = asks(frames, "surprise")
    wait_until(page, lambda: questions() > 1)
    close_panel(page, "surprise")
    page.wait_for_timeout(300)  # the question that was under way
    asked = questions()
    page.wait_for_timeout(1500)
    assert questions() == asked
    open_panel(page, "surprise")
    wait_until(page, lambda: questions() > asked)


def test_out_of_sight_it_asks_nothing(page: Page) -> None:
    frames = sent(page)
    open_page(page)
    page.wait_for_timeout(1500)
    assert asks(frames, "surprise")() == 0
