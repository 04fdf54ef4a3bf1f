"""A first use of the page by visible text and accessible names only."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.page import await_state, await_status, wait_until

SENTENCES = "\n".join(
    (
        "the ferry leaves at nine and comes back at noon",
        "the ferry leaves at ten and comes back at night",
        "the train leaves at nine and never comes back",
        "the train leaves at noon and comes back at ten",
    )
)
STEPS = 1_000


def value_beside(page: Page, word: str) -> Callable[[], float]:
    """A function that reads the number after a label; infinity if there is none."""
    element = page.locator("p", has_text=re.compile(rf"^{word}:")).element_handle()

    def read() -> float:
        number = (element.text_content() or "").partition(":")[2].replace(",", "").strip()
        return float(number) if number.replace(".", "").isdigit() else math.inf

    return read


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def train_with(page: Page, hidden_sizes: str) -> float:
    """Train with these hidden sizes for a number of steps; returns the perplexity."""
    press(page, "pause")
    await_status(page, "paused")
    steps = value_beside(page, "steps")
    before = steps()
    box(page, "Hidden sizes").fill(hidden_sizes)
    press(page, "learn/restart")
    await_state(page, "#panel_controls", "unedited")
    wait_until(page, lambda: steps() != before)  # it has restarted
    wait_until(page, lambda: STEPS < steps() < math.inf)
    return value_beside(page, "perplexity")()


def test_train_compare_save_and_load_by_visible_text_only(
    new_page: Callable[[], Page],
) -> None:
    page, other_page = new_page(), new_page()
    page.goto("/")
    await_status(page, "learning")
    box(page, "Input sentences").fill(SENTENCES)
    small = train_with(page, "1")
    assert train_with(page, "30") < small  # a larger network is better
    earlier = page.get_by_role("checkbox", name=re.compile("previous run"))
    expect(earlier).to_be_visible()  # the previous run
    press(page, "pause")
    await_status(page, "paused")
    press(page, "save model")
    carried = box(page, "Model JSON")
    expect(carried).not_to_have_value("")
    model = carried.input_value()
    written = page.get_by_role("region", name="Greedy argmax prediction").inner_text()

    other_page.goto("/")
    await_status(other_page, "learning")
    box(other_page, "Input sentences").fill(SENTENCES)
    press(other_page, "learn/restart")
    await_state(other_page, "#panel_controls", "unedited")
    press(other_page, "pause")
    await_status(other_page, "paused")
    box(other_page, "Model JSON").fill(model)
    press(other_page, "load model")
    prediction = other_page.get_by_role("region", name="Greedy argmax prediction")
    wait_until(other_page, lambda: prediction.inner_text() == written)
    assert json.loads(model)["hidden_sizes"] == [30]
