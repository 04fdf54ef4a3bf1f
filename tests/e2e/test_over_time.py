"""Sentences kept aside, and a learning rate that changes by itself, on the page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.the_page import figure, learn, open_page, wait_until

MANY = "\n".join(f"the {number} small sheep of {number * 7919 % 1000}" for number in range(120))
FEW = "small steps\nask often\nthen build"


def test_with_many_sentences_some_are_kept_aside_and_shown_beside_the_rest(page: Page) -> None:
    open_page(page)
    learn(page, MANY)
    wait_until(page, lambda: figure(page, "heldout") > 1)
    expect(page.locator("#pplgraph")).to_have_attribute(
        "aria-label", re.compile("on sentences kept aside"), timeout=15_000
    )
    assert page.locator(".u-legend").count() == 0


def test_with_few_sentences_all_are_learnt_and_nothing_is_said_of_others(page: Page) -> None:
    open_page(page)
    learn(page, FEW)
    expect(page.locator("#heldout")).to_be_hidden()


def test_the_page_says_when_the_network_has_begun_to_memorise(page: Page) -> None:
    open_page(page)
    page.locator("#opt_validation_fraction").fill("0.3")
    learn(page, MANY, hidden_sizes="60")
    expect(page.locator("#memorising")).to_contain_text("begun to memorise", timeout=60_000)
    learn(page, FEW)
    expect(page.locator("#memorising")).to_be_empty()


def test_the_slider_follows_a_schedule_and_overrides_it(page: Page) -> None:
    open_page(page)
    page.locator("#opt_schedule").select_option("halve")
    page.locator("#opt_schedule_epochs").fill("100")
    learn(page, MANY, learning_rate="0.02")
    wait_until(page, lambda: float(page.locator("#lr_text").inner_text()) <= 0.005)
    page.locator("#lr_slider").fill("-2")
    expect(page.locator("#lr_text")).to_have_text("0.01000")
    wait_until(page, lambda: float(page.locator("#lr_text").inner_text()) <= 0.005)


def test_what_cannot_be_used_is_said_at_its_place(page: Page) -> None:
    open_page(page)
    page.locator("#opt_validation_fraction").fill("2")
    page.locator("#opt_schedule_epochs").fill("none")
    page.locator("#learn").click()
    expect(page.locator("#schedule_epochs_error")).to_contain_text("not a number")
    page.locator("#opt_schedule_epochs").fill("100")
    page.locator("#learn").click()
    expect(page.locator("#schedule_epochs_error")).to_be_empty()
    expect(page.locator("#validation_fraction_error")).to_contain_text("auto, or a number")
