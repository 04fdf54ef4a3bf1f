"""A person asks whether the gradients are right."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.looking import asks, open_panel, sent
from tests.e2e.the_page import learn, open_page, pause, text
from tests.e2e.the_socket import Answer, answer_with

AGREES: Answer = {
    "ok": True,
    "steps": 1234,
    "sentence": "a sentence",
    "matrices": [
        {"name": "Wil", "graph": 1.24e-8, "kernels": 3.4e-7, "checked": 10, "numbers": 160},
        {"name": "Wix0", "graph": 0.0, "kernels": 2e-9, "checked": 10, "numbers": 1400},
    ],
}
BUTTON = "check the gradients"
COMPILING_MS = 75_000
"""The first check on a machine compiles kernels for it. The page waits for as long."""


def open_check(page: Page) -> None:
    open_panel(page, "gradient_check")


def press(page: Page) -> None:
    page.get_by_role("button", name=BUTTON).click()


def outcome(page: Page) -> str:
    return text(page, "gradient_check_outcome")


def cells(page: Page) -> list[str]:
    shown = page.locator("#panel_gradient_check td").all_inner_texts()
    return [each.replace("\u00a0", " ") for each in shown]


def test_the_gradients_of_the_network_agree_with_measured_slopes(page: Page) -> None:
    open_page(page)
    pause(page)  # or its training would take the check's time
    open_check(page)
    press(page)
    expect(page.locator("#gradient_check_outcome")).to_contain_text(
        re.compile(r"All 27 matrices agree .* is \d\.\d\s×\s10⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+\."),
        timeout=COMPILING_MS,
    )
    table = page.get_by_role("table", name="Gradient check")
    expect(table.get_by_role("rowheader")).to_have_count(27)
    expect(table.get_by_role("rowheader").nth(1)).to_contain_text("layer 1: input gate, from below")


def test_while_it_runs_the_button_says_so_and_asks_no_second_time(page: Page) -> None:
    waiting = answer_with(page, "gradient_check")
    open_page(page)
    open_check(page)
    page.locator("#panel_gradient_check summary").focus()
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name=BUTTON)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_be_focused()  # it is not taken from who pressed it
    assert outcome(page) == "Checking the gradients, which may take some seconds …"
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    [answer] = waiting
    answer(AGREES)
    expect(page.locator("#gradient_check_outcome")).to_have_text(
        "All 2 matrices agree with the measured slopes: the largest error is 3.4 × 10⁻⁷."
    )
    expect(button).not_to_have_attribute("aria-busy", "true")
    assert cells(page) == [
        "1.2 × 10⁻⁸",
        "3.4 × 10⁻⁷",
        "10 of 160",
        "0",
        "2.0 × 10⁻⁹",
        "10 of 1,400",
    ]
    expect(page.locator("#gradient_check_results")).to_contain_text("After 1,234 steps")


def test_what_does_not_agree_is_named(page: Page) -> None:
    waiting = answer_with(page, "gradient_check")
    open_page(page)
    open_check(page)
    press(page)
    expect(page.locator("#gradient_check_outcome")).not_to_be_empty()
    first, second = AGREES["matrices"]
    [answer] = waiting
    answer({**AGREES, "matrices": [{**first, "kernels": 0.02}, {**second, "graph": None}]})
    expect(page.locator("#gradient_check_outcome")).to_have_text(
        "2 of 2 matrices do not agree with the measured slopes: "
        "Wil by the kernels, Wix0 by the graph."
    )
    assert cells(page)[:4] == ["1.2 × 10⁻⁸", "2.0 × 10⁻² wrong", "10 of 160", "no number wrong"]


def test_a_refusal_is_said_at_the_button(page: Page) -> None:
    waiting = answer_with(page, "gradient_check")
    open_page(page)
    open_check(page)
    press(page)
    expect(page.locator("#gradient_check_outcome")).not_to_be_empty()
    refusal = "This network has too many weights to be checked."
    waiting.pop()({"ok": False, "error": refusal, "field": None})
    expect(page.locator("#gradient_check_error")).to_have_text(refusal)
    expect(page.locator("#gradient_check_outcome")).to_be_empty()
    expect(page.locator(".notice")).to_have_count(0)
    press(page)
    expect(page.locator("#gradient_check_error")).to_be_empty()


def test_an_outcome_is_not_kept_for_another_network(page: Page) -> None:
    waiting = answer_with(page, "gradient_check")
    open_page(page)
    open_check(page)
    press(page)
    expect(page.locator("#gradient_check_outcome")).not_to_be_empty()
    waiting.pop()(AGREES)
    expect(page.locator("#gradient_check_results")).to_be_visible()
    press(page)
    learn(page, "another network\nlearns these")
    expect(page.locator("#prepro_status")).to_contain_text("12 distinct characters")
    waiting.pop()(AGREES)
    expect(page.locator("#gradient_check_error")).to_contain_text("was replaced")
    expect(page.locator("#gradient_check_results")).to_be_hidden()


def test_it_is_asked_only_when_the_button_is_pressed(page: Page) -> None:
    frames = sent(page)
    open_page(page)
    open_check(page)
    pause(page)
    page.wait_for_timeout(1000)
    assert asks(frames, "gradient_check")() == 0
