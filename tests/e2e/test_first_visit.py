"""What a first visit is told, once; and what the words mean, for whoever wants to know."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.the_page import open_page


def test_a_first_visit_gets_three_hints_and_the_next_none(page: Page) -> None:
    open_page(page)
    hints = page.get_by_role("complementary", name="For your first visit")
    expect(hints.get_by_role("listitem")).to_have_count(3)
    expect(hints).to_be_visible()
    page.reload()
    expect(page.locator("#status")).to_have_text("Learning")
    expect(page.locator("#hints")).to_be_hidden()


def test_the_hints_are_put_away_by_keyboard(page: Page) -> None:
    open_page(page)
    page.get_by_role("button", name="got it").press("Enter")
    expect(page.locator("#hints")).to_be_hidden()
    expect(page.locator("#heading_introduction")).to_be_focused()


def test_a_browser_that_keeps_nothing_gets_no_hints_again_and_again(page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error(); } })"
    )
    open_page(page)
    expect(page.locator("#hints")).to_be_hidden()


def test_the_words_of_the_page_are_explained_where_each_can_be_seen(page: Page) -> None:
    open_page(page)
    page.get_by_text("How it works").press("Enter")
    explained = page.locator(".explained")
    terms = explained.get_by_role("term").all_text_contents()
    assert terms == ["Letter vectors", "Hidden layers", "Softmax", "Perplexity", "Temperature"]
    for link in explained.get_by_role("link").all():
        place = link.get_attribute("href")
        assert place is not None
        expect(page.locator(place)).to_have_count(1)
