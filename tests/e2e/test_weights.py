"""How large the weights are, and how far a step moves them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.looking import asks, open_panel, sent
from tests.e2e.the_page import figure, learn, open_page, pause, text, wait_until
from tests.e2e.the_socket import Answer, change_answers

LSTM = ["Wil", "Wix{}", "Wih{}", "bi{}", "Wfx{}", "Wfh{}", "bf{}"]
LSTM += ["Wox{}", "Woh{}", "bo{}", "Wcx{}", "Wch{}", "bc{}", "Whd", "bd"]


def layer_choice(page: Page) -> Locator:
    return page.locator("#panel_weights").get_by_label("Hidden layer", exact=True)


def open_weights(page: Page) -> None:
    """Open the panel and wait for its rows."""
    open_panel(page, "weights")
    rows(page).first.wait_for()


def rows(page: Page) -> Locator:
    return page.locator("#panel_weights tbody tr")


def names(page: Page) -> list[str]:
    return page.locator("#panel_weights .matrix-name").all_inner_texts()


def medians(page: Page) -> list[str]:
    return page.locator("#panel_weights .matrix-median").all_inner_texts()


def bars(page: Page) -> list[str]:
    shapes = "bars => bars.map((bar) => bar.getAttribute('d'))"
    return list(page.locator("#panel_weights .changes-bars").evaluate_all(shapes))


def test_each_matrix_is_told_of_anew_while_the_network_learns(page: Page) -> None:
    open_page(page)
    open_weights(page)
    assert names(page) == [name.format(0) for name in LSTM]
    wait_until(page, lambda: all(median.endswith("%") for median in medians(page)))
    assert all(bars(page))
    expect(page.locator("#weights_verdict")).to_contain_text("Most weights move by about")
    expect(page.locator("#weights_clipped")).to_contain_text(
        re.compile(r"Clipped gradients, being larger than 5: [\d.]+.%\. Seen at step [\d,]+")
    )
    first = bars(page)
    row = rows(page).first.element_handle()
    wait_until(page, lambda: bars(page) != first)
    assert row.evaluate("row => row.isConnected")  # whoever reads it keeps their place


def test_before_a_step_was_seen_it_says_when_one_will_be(page: Page) -> None:
    open_page(page)
    pause(page)
    open_weights(page)
    expect(page.locator("#weights_verdict")).to_contain_text("as soon as the network learns")
    assert set(medians(page)) == {"–"}
    page.locator("#resume").click()
    page.locator("#weights_verdict").scroll_into_view_if_needed()
    expect(page.locator("#weights_verdict")).to_contain_text("Most weights move by about")


def test_a_layer_is_chosen_where_there_are_several(page: Page) -> None:
    open_page(page)
    open_weights(page)
    layer_choice(page).select_option("2")
    wait_until(page, lambda: names(page) == [name.format(1) for name in LSTM])
    learn(page, "one layer\nis enough", hidden_sizes="8")
    page.locator("#weights_verdict").scroll_into_view_if_needed()
    wait_until(page, lambda: names(page) == [name.format(0) for name in LSTM])
    expect(layer_choice(page)).to_be_hidden()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("gru", "candidate, bias of its own state"),
        ("rnn", "from its own state"),
    ],
)
def test_the_matrices_of_every_kind_are_put_into_words(
    page: Page, kind: str, expected: str
) -> None:
    open_page(page)
    page.locator("#opt_kind").select_option(kind)
    learn(page, "some words\nto learn", hidden_sizes="8")
    open_weights(page)
    words = page.locator("#panel_weights .matrix-words")
    wait_until(page, lambda: expected in words.all_inner_texts())
    assert all(words.all_inner_texts())
    clipped = "Steps whose gradient was clipped" if kind == "rnn" else "Clipped gradients"
    expect(page.locator("#weights_clipped")).to_contain_text(clipped)


def test_the_change_is_judged_in_words(page: Page) -> None:
    shown = [0.05]

    def changed(answer: Answer) -> Answer:
        matrices = [{**matrix, "change": shown[-1]} for matrix in answer["matrices"]]
        return {**answer, "change_at": 7, "matrices": matrices}

    change_answers(page, "weights", changed)
    open_page(page)
    open_weights(page)
    remarks = page.locator("#panel_weights .matrix-remark")
    for change, verdict, remark in (
        (0.05, "about 5 % a step: the learning rate is high", "high"),
        (0.02, "about 2 % a step: more than is usual", "high"),
        (0.001, "about 0.1 % a step: that is usual", ""),
        (0.00002, "about 0.002 % a step: less than is usual", "low"),
        (0.000001, "about 0.0001 % a step: the learning rate is low", "low"),
    ):
        shown.append(change)
        expect(page.locator("#weights_verdict")).to_contain_text(verdict)
        wait_until(page, lambda remark=remark: set(remarks.all_inner_texts()) == {remark})  # type: ignore[misc]


def test_it_is_reached_by_keyboard_and_read_as_a_table(page: Page) -> None:
    open_page(page)
    pause(page)
    page.locator("#panel_weights summary").focus()
    page.keyboard.press("Enter")
    rows(page).first.wait_for()
    page.keyboard.press("Tab")
    expect(layer_choice(page)).to_be_focused()
    table = page.get_by_role("table", name="Weights and gradients")
    expect(table.get_by_role("columnheader")).to_have_count(6)
    expect(table.get_by_role("rowheader").nth(1)).to_contain_text("input gate, from below")
    expect(table.get_by_role("row").nth(2)).to_contain_text(
        re.compile(r"20 × 5.*−[\d.]+ to [\d.]+")
    )
    assert table.get_by_role("img").count() == 0  # all that they show is beside them, in numbers


def test_nothing_is_asked_while_it_is_closed_or_out_of_sight(page: Page) -> None:
    frames = sent(page)
    open_page(page)
    page.locator("#panel_weights").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    assert asks(frames, "weights")() == 0
    open_weights(page)
    wait_until(page, lambda: asks(frames, "weights")() > 1)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(700)  # the question that was under way
    frames.clear()
    page.wait_for_timeout(1500)
    assert asks(frames, "weights")() == 0


def test_a_layer_that_is_refused_is_said_at_its_field_and_training_goes_on(page: Page) -> None:
    refusal = "There is 1 hidden layer, so there is no 2: choose one from 1 to 1."
    change_answers(page, "weights", lambda _: {"ok": False, "error": refusal, "field": "layer"})
    open_page(page)
    open_panel(page, "weights")
    expect(page.locator("#weights_layer_error")).to_have_text(refusal)
    expect(layer_choice(page)).to_have_attribute("aria-invalid", "true")
    steps = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > steps)
    assert "learning" in text(page, "status").lower()
    expect(page.locator(".notice")).to_have_count(0)


def test_it_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page)
    open_weights(page)
    wait_until(page, lambda: all(median.endswith("%") for median in medians(page)))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    width = page.locator("#panel_weights .look-body").evaluate("body => body.scrollWidth")
    assert width <= page.locator("#panel_weights").evaluate("panel => panel.clientWidth")
