"""A network is shown to others by a link, and nobody loses their own by following one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.test_accessibility import RULES
from tests.e2e.the_page import figure, learn, open_page, pause, wait_until
from tests.support.server import running_server

WORDS = "the shared words\nof one network"


def share(page: Page) -> str:
    """Press the button, and return the link that the page shows."""
    page.locator("#share").click()
    expect(page.locator("#share_outcome")).to_contain_text("Here is the link")
    return page.locator("#share_address").input_value()


def shared_words(page: Page) -> str:
    """Have a network of one's own words that has learnt for a moment and rests; a link to it."""
    open_page(page)
    learn(page, WORDS)
    expect(page.locator("#prepro_status")).to_contain_text("found")
    wait_until(page, lambda: figure(page, "steps") > 500)
    pause(page)
    return share(page)


def words_of(page: Page) -> str:
    return page.locator("#ti").input_value()


def test_a_link_opens_the_network_for_a_new_visitor_and_it_learns_on(
    new_visitor: Callable[[], Page],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    link = shared_words(owner)
    steps = figure(owner, "steps")
    guest.goto(link)
    expect(guest.locator("#ti")).to_have_value(WORDS)
    expect(guest.locator("#offer")).to_be_hidden()
    expect(guest.locator("#notices")).to_contain_text("your own copy")
    expect(guest.locator("#status")).to_have_text("Learning")
    wait_until(guest, lambda: figure(guest, "steps") > steps + 100)
    assert guest.url.endswith("/")  # so that a reload shows what has become of it
    guest.reload()
    expect(guest.locator("#ti")).to_have_value(WORDS)
    wait_until(guest, lambda: figure(guest, "steps") > steps + 100)
    assert figure(owner, "steps") == steps


def test_who_has_a_network_is_asked_before_it_is_replaced(
    new_visitor: Callable[[], Page],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    link = shared_words(owner)
    open_page(guest)
    learn(guest, "my own words")
    expect(guest.locator("#edited")).to_be_hidden()
    for _ in range(2):  # a reload asks again, and replaces nothing either
        guest.goto(link)
        expect(guest.locator("#offer")).to_contain_text("takes the place of your network")
        expect(guest.locator("#ti")).to_have_value("my own words")
    guest.locator("#keep_own").press("Enter")
    expect(guest.locator("#offer")).to_be_hidden()
    assert guest.url.endswith("/")
    guest.reload()
    expect(guest.locator("#ti")).to_have_value("my own words")
    guest.goto(link)
    with guest.expect_download() as download:
        guest.get_by_role("link", name="download mine").click()
    assert download.value.suggested_filename == "charnn-model.json"
    guest.locator("#open_shared").click()
    expect(guest.locator("#ti")).to_have_value(WORDS)
    expect(guest.locator("#offer")).to_be_hidden()
    expect(guest.locator("#notices")).to_contain_text("your own copy")


def test_a_withdrawn_copy_leaves_the_list_and_its_link_says_so(
    new_visitor: Callable[[], Page],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    link = shared_words(owner)
    items = owner.locator("#copies li")
    expect(items).to_have_count(1)
    expect(items).to_contain_text("2 sentences")
    expect(items).to_contain_text(re.compile(r"perplexity\s\d+\.\d\d"))
    assert share(owner) == link  # nothing has changed since
    expect(items).to_have_count(1)
    open_page(guest)
    guest.goto(link)
    expect(guest.locator("#offer")).to_be_visible()
    items.get_by_role("button", name="withdraw the copy of").press("Enter")
    expect(items).to_have_count(0)
    expect(owner.locator("#share_outcome")).to_contain_text("Withdrawn")
    expect(owner.locator("#share_link")).to_be_hidden()
    expect(owner.locator("#share")).to_be_focused()
    before = words_of(guest)
    guest.locator("#open_shared").click()  # on a page that was opened before
    expect(guest.locator("#offer_error")).to_contain_text("withdrawn")
    expect(guest.locator("#offer")).to_be_visible()
    assert words_of(guest) == before
    answer = guest.goto(link)
    assert answer is not None
    assert answer.status == 404
    expect(guest.locator("main")).to_contain_text("withdrawn")
    guest.get_by_role("link", name="open charnn").click()
    expect(guest.locator("#ti")).to_have_value(before)


def test_a_newcomer_whose_link_ends_at_that_moment_is_told_and_has_a_network_of_their_own(
    new_visitor: Callable[[], Page],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    link = shared_words(owner)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    guest.route("**/js/main.js", hold)
    guest.goto(link, wait_until="commit")
    wait_until(guest, lambda: bool(held))
    owner.locator("#copies li").get_by_role("button").click()
    expect(owner.locator("#copies li")).to_have_count(0)
    held[0].continue_()
    expect(guest.locator("#offer_error")).to_contain_text("withdrawn")
    wait_until(guest, lambda: figure(guest, "steps") > 0)
    guest.locator("#keep_own").click()
    expect(guest.locator("#offer")).to_be_hidden()


def test_earlier_copies_are_there_on_the_next_visit(page: Page) -> None:
    link = shared_words(page)
    page.reload()
    assert page.locator("#share_address").is_hidden()
    page.locator("#sharing").scroll_into_view_if_needed()
    expect(page.locator("#copies a")).to_have_count(1)
    assert page.locator("#copies a").evaluate("(link) => link.href") == link


def test_the_link_is_copied_or_at_least_selected(page: Page) -> None:
    link = shared_words(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy_link").click()
    expect(page.locator("#share_outcome")).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    page.locator("#copy_link").press("Enter")
    expect(page.locator("#share_outcome")).to_contain_text("selected")
    expect(page.locator("#share_address")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == link


def test_what_cannot_be_shared_is_told_at_the_button(browser: Browser, tmp_path: Path) -> None:
    # Nobody is as quick as this test, and a server would ask it to wait.
    with running_server(tmp_path, options=("--max-events-per-second", "1000")) as server:
        context = browser.new_context(base_url=server.url)
        page = open_page(context.new_page())
        copies = page.locator("#copies li")
        for number in range(20):  # it learns: each copy is another
            page.locator("#share").click()
            expect(copies).to_have_count(number + 1)
        page.locator("#share").click()
        expect(page.locator("#share_error")).to_contain_text("Withdraw one")
        expect(copies).to_have_count(20)
        copies.first.get_by_role("button").click()
        expect(copies).to_have_count(19)
        page.locator("#share").click()
        expect(page.locator("#share_error")).to_be_empty()
        expect(copies).to_have_count(20)
        context.close()


def test_a_store_that_cannot_be_written_to_is_told_at_the_button(
    browser: Browser, tmp_path: Path
) -> None:
    with running_server(tmp_path) as server:
        context = browser.new_context(base_url=server.url)
        page = open_page(context.new_page())
        with closing(sqlite3.connect(tmp_path / "data" / "sessions.sqlite")) as other:
            other.execute("BEGIN IMMEDIATE")  # and never ends, as another program might
            page.locator("#share").click()
            expect(page.locator("#share")).to_have_attribute("aria-busy", "true")
            expect(page.locator("#share_error")).to_contain_text("cannot reach its store")
            other.rollback()
        share(page)
        expect(page.locator("#share_error")).to_be_empty()
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_where_a_network_is_shared_and_offered(
    page: Page, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    link = shared_words(page)
    page.goto(link)
    page.locator("#share").click()
    expect(page.locator("#copies li")).to_have_count(1)
    page.locator("#copies").get_by_role("button").click()
    expect(page.locator("#copies li")).to_have_count(0)
    page.locator("#open_shared").click()
    expect(page.locator("#offer_error")).to_contain_text("withdrawn")
    page.locator("#share").click()
    expect(page.locator("#copies li")).to_have_count(1)
    violations = [found(page)]
    page.goto("/s/nowhere")
    violations.append(found(page))
    page.goto("/")
    assert violations == ["", ""]


def found(page: Page) -> str:
    """What axe says of the page; nothing where it has nothing to say."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return results.generate_report() if results.violations_count else ""
