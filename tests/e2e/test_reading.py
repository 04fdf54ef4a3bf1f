"""The text that the network is looked at with."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.looking import open_panel
from tests.e2e.the_page import (
    assert_learns_on,
    figure,
    learn,
    open_page,
    pause,
    samples,
    wait_until,
)

BOX = "#look_text"


def lines(page: Page) -> list[str]:
    return [line.strip()[:110] for line in page.locator("#ti").input_value().split("\n") if line]


def test_it_begins_with_the_first_line_and_takes_the_next_ones(page: Page) -> None:
    open_page(page)
    first, second = lines(page)[:2]
    expect(page.locator(BOX)).to_have_value(first)
    page.locator("#look_line").click()
    expect(page.locator(BOX)).to_have_value(second)


def test_a_sample_can_be_taken(page: Page) -> None:
    open_page(page)
    pause(page)
    page.locator("#look_sample").click()
    assert page.locator(BOX).input_value() in [each.strip() for each in samples(page)]


def test_the_newest_text_wins(page: Page) -> None:
    open_page(page)
    open_panel(page, "surprise")
    for typed in ("a", "ab", "the", "the be"):
        page.locator(BOX).fill(typed)
        page.wait_for_timeout(160)  # its question is under way when the next is typed
    expect(page.locator("#surprise_text")).to_have_text("the beEND")


def test_what_cannot_be_read_is_said_at_the_box_and_nothing_else_changes(page: Page) -> None:
    open_page(page)
    open_panel(page, "surprise")
    for typed, named in (
        ("naïve 日", "does not know the characters 'ï', '日'"),
        ("", "nothing to read"),
        ("a" * 10_000, "Shorten it to 110 at most"),
    ):
        page.locator(BOX).fill("the best")
        expect(page.locator("#surprise_text")).to_have_text("the bestEND")
        page.locator(BOX).fill(typed)
        expect(page.locator("#look_text_error")).to_contain_text(named)
        expect(page.locator(BOX)).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#surprise_text")).to_have_text("the bestEND")
        assert_learns_on(page)
        page.locator(BOX).fill("the rest")
        expect(page.locator("#look_text_error")).to_be_empty()
        expect(page.locator("#surprise_text")).to_have_text("the restEND")
        expect(page.locator(".notice")).to_have_count(0)


def test_a_line_goes_with_its_network_and_what_was_typed_stays(page: Page) -> None:
    open_page(page)
    learn(page, "other words\nthan before")
    expect(page.locator(BOX)).to_have_value("other words")
    page.locator(BOX).fill("other")
    learn(page, "other things\nonce more")
    wait_until(page, lambda: figure(page, "steps") > 0)
    expect(page.locator(BOX)).to_have_value("other")
