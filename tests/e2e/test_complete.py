"""A person types a beginning, and the network goes on from it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.the_page import assert_learns_on, open_page, pause, text, wait_until


def begin(page: Page, beginning: str) -> None:
    """Type a beginning where there is none."""
    page.locator("#complete_prime").press_sequentially(beginning)


def drawn(page: Page) -> list[str]:
    return page.locator("#complete_samples .apred").all_text_contents()


def alternatives(page: Page) -> list[str]:
    return page.locator("#complete_beam .alternative").all_text_contents()


def logarithms(page: Page) -> list[float]:
    shown = page.locator("#complete_beam .logarithm").all_text_contents()
    return [float(each.replace("−", "-")) for each in shown]


def await_answers(page: Page, beginning: str) -> None:
    """Wait until all that is shown goes on from this beginning."""
    expect(page.locator("#complete_beam")).to_be_visible()
    wait_until(
        page,
        lambda: all(each.startswith(beginning) for each in drawn(page) + alternatives(page)),
    )


def test_a_beginning_is_gone_on_with_as_it_is_typed(page: Page) -> None:
    open_page(page)
    expect(page.locator("#complete_samples")).to_be_hidden()
    begin(page, "the ")
    await_answers(page, "the ")
    assert len(drawn(page)) == 3
    assert page.locator("#complete_samples .given").all_text_contents() == ["the "] * 3
    assert 1 <= len(alternatives(page)) <= 5
    logs = logarithms(page)
    assert logs == sorted(logs, reverse=True)
    begin(page, "st")
    await_answers(page, "the st")
    assert "learning" in text(page, "status").lower()


def test_it_follows_the_network_while_that_learns_and_rests_when_that_does(page: Page) -> None:
    open_page(page)
    begin(page, "the ")
    await_answers(page, "the ")
    first = drawn(page)
    wait_until(page, lambda: drawn(page) != first)
    pause(page)
    page.wait_for_timeout(1500)  # the last look at what has been learnt
    last = drawn(page)
    page.wait_for_timeout(1500)
    assert drawn(page) == last
    page.locator("#complete_temperature").fill("5")  # which is asked for at once
    wait_until(page, lambda: drawn(page) != last)


def test_the_newest_answer_wins(page: Page) -> None:
    open_page(page)
    begin(page, "a")
    await_answers(page, "a")
    for beginning in ("s", "so", "some", "we", "the b"):
        page.locator("#complete_prime").fill(beginning)
        page.wait_for_timeout(160)  # its question is under way when the next is typed
    await_answers(page, "the b")
    page.wait_for_timeout(300)
    await_answers(page, "the b")


def test_width_and_top_k_are_kept_to(page: Page) -> None:
    open_page(page)
    pause(page)
    page.locator("#complete_width").fill("1")
    page.locator("#complete_top_k").fill("1")
    begin(page, "the ")
    await_answers(page, "the ")
    assert len(set(drawn(page))) == 1
    assert alternatives(page) == drawn(page)[:1]  # both are the greedy sentence
    [greedy] = logarithms(page)
    page.locator("#complete_width").fill("20")
    wait_until(page, lambda: len(alternatives(page)) > 1)
    assert logarithms(page)[0] >= greedy


def test_what_cannot_be_used_is_said_at_its_field_and_training_goes_on(page: Page) -> None:
    open_page(page)
    begin(page, "the ")
    await_answers(page, "the ")
    for entry, value, named in (
        ("prime", "naïve 日", "does not know the characters 'ï', '日'"),
        ("prime", "a" * 10_000, "Shorten it to 1,000 at most"),
        ("prime", "", "type a beginning"),
        ("width", "0", "from 1 to 20"),
        ("width", "1000", "from 1 to 20"),
        ("temperature", "-1", "too small"),
        ("top_k", "0", "too small"),
        ("top_p", "2", "too large"),
    ):
        field, fault = page.locator(f"#complete_{entry}"), page.locator(f"#complete_{entry}_error")
        usual = field.input_value()
        field.fill(value)
        expect(fault).to_contain_text(named)
        expect(field).to_have_attribute("aria-invalid", "true")
        assert_learns_on(page)
        field.fill(usual)
        expect(fault).to_be_empty()
        await_answers(page, "the ")
        expect(page.locator(".notice")).to_have_count(0)


def test_it_is_reached_by_keyboard_and_told_to_those_who_listen(page: Page) -> None:
    open_page(page)
    pause(page)
    page.get_by_label("Beginning").focus()
    page.keyboard.type("the ")
    expect(page.locator("#complete_spoken")).to_have_text(
        re.compile(r"It may go on: the .*The likeliest: the ", re.DOTALL)
    )
    for name in ("Temperature", "Top-k", "Top-p", "Width"):
        page.keyboard.press("Tab")
        expect(page.locator("#panel_complete").get_by_label(name, exact=True)).to_be_focused()
    table = page.get_by_role("table", name="Beam search")
    expect(table.get_by_role("columnheader")).to_have_text(["Sentence", "Log-probability"])


def test_what_it_learns_meanwhile_is_not_told_to_those_who_listen(page: Page) -> None:
    open_page(page)
    page.locator("#complete_prime").fill("the ")
    expect(page.locator("#complete_spoken")).to_contain_text("The likeliest")
    told, shown = text(page, "complete_spoken"), drawn(page)
    wait_until(page, lambda: drawn(page) != shown)
    page.wait_for_timeout(1500)
    assert text(page, "complete_spoken") == told


def test_nothing_is_asked_while_the_box_is_empty(page: Page) -> None:
    sent: list[str] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))),
    )
    open_page(page)
    page.locator("#complete_prime").focus()
    page.wait_for_timeout(1500)
    assert not any("complete" in frame for frame in sent)
    begin(page, "a")
    await_answers(page, "a")
    assert any("complete" in frame for frame in sent)
