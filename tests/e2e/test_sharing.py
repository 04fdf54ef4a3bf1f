"""Sharing a network by a link."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.page import (
    await_figure,
    await_state,
    await_status,
    expect_fault,
    figure,
    learn,
    notice,
    open_page,
    pause,
    share,
)

NewVisitor = Callable[[], Page]
WORDS = "the shared words\nof one network"
OWN_WORDS = "my own words"


def shared_words(page: Page) -> str:
    """Train a small network and pause it; returns a link to a copy."""
    open_page(page)
    learn(page, WORDS, hidden_sizes="8")
    await_figure(page, "steps", 300)
    pause(page)
    return share(page)


def test_a_link_opens_the_network_for_a_new_session(
    new_page: NewVisitor,
) -> None:
    owner, guest = new_page(), new_page()
    link = shared_words(owner)
    steps = figure(owner, "steps")
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owner.locator("#copy_link").click()
    await_state(owner, "#sharing", "copied")
    assert owner.evaluate("navigator.clipboard.readText()") == link

    guest.goto(link)
    expect(guest.locator("#ti")).to_have_value(WORDS)
    expect(guest.locator("#offer")).to_be_hidden()
    expect(notice(guest, "copy_opened")).to_be_visible()
    await_status(guest, "learning")
    await_figure(guest, "steps", steps)
    guest.wait_for_url(
        lambda url: "/s/" not in url
    )  # so that a reload does not open the link again
    guest.reload()
    await_figure(guest, "steps", steps)
    expect(guest.locator("#ti")).to_have_value(WORDS)
    await_status(owner, "paused")
    assert figure(owner, "steps") == steps


def test_opening_a_link_asks_before_replacing_a_network(
    new_page: NewVisitor,
) -> None:
    owner, guest = new_page(), new_page()
    link = shared_words(owner)
    open_page(guest)
    learn(guest, OWN_WORDS, hidden_sizes="8")
    guest.goto(link)
    await_status(guest, "learning")
    expect(guest.locator("#ti")).to_have_value(OWN_WORDS)
    guest.locator("#keep_own").press("Enter")
    expect(guest.locator("#offer")).to_be_hidden()
    guest.goto(link)
    guest.locator("#open_shared").click()
    expect(guest.locator("#ti")).to_have_value(WORDS)
    expect(guest.locator("#offer")).to_be_hidden()

    guest.goto(link)
    await_status(guest, "learning")
    copies = owner.locator("#copies li")
    expect(copies).to_have_count(1)
    copies.get_by_role("button").press("Enter")
    expect(copies).to_have_count(0)
    expect(owner.locator("#share_address")).to_be_hidden()
    guest.locator("#open_shared").click()  # on a page opened before the withdrawal
    expect_fault(guest, "offer", "no_such_copy")
    answer = guest.goto(link)
    assert answer is not None
    assert answer.status == 404
    expect(guest.locator("main [data-code=no_such_copy]")).to_be_visible()
    guest.get_by_role("link").click()
    expect(guest.locator("#ti")).to_have_value(WORDS)
