"""Somebody who has never seen the page goes by what it says, and by nothing else."""

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


def beside(page: Page, word: str) -> Callable[[], float]:
    """What the page says beside a word, whenever it is asked; nothing is as good as endless."""
    place = page.locator("p", has_text=re.compile(rf"^{word}:")).element_handle()

    def told() -> float:
        number = (place.text_content() or "").partition(":")[2].replace(",", "").strip()
        return float(number) if number.replace(".", "").isdigit() else math.inf

    return told


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def best_of(page: Page, hidden_sizes: str) -> float:
    """Learn with this option for a number of steps; the perplexity then."""
    press(page, "pause")
    await_status(page, "paused")
    steps = beside(page, "steps")
    before = steps()
    box(page, "Hidden sizes").fill(hidden_sizes)
    press(page, "learn/restart")
    await_state(page, "#panel_controls", "unedited")
    wait_until(page, lambda: steps() != before)  # it has begun anew
    wait_until(page, lambda: STEPS < steps() < math.inf)
    return beside(page, "perplexity")()


def test_a_newcomer_gets_a_better_model_of_their_own_text_and_takes_it_elsewhere(
    new_visitor: Callable[[], Page],
) -> None:
    page, elsewhere = new_visitor(), new_visitor()
    page.goto("/")
    await_status(page, "learning")
    box(page, "Input sentences").fill(SENTENCES)
    small = best_of(page, "1")
    assert best_of(page, "30") < small  # one option changed, and it is better
    earlier = page.get_by_role("checkbox", name=re.compile("previous run"))
    expect(earlier).to_be_visible()  # to compare with, in grey
    press(page, "pause")
    await_status(page, "paused")
    press(page, "save model")
    carried = box(page, "Model JSON")
    expect(carried).not_to_have_value("")
    model = carried.input_value()
    written = page.get_by_role("region", name="Greedy argmax prediction").inner_text()

    elsewhere.goto("/")
    await_status(elsewhere, "learning")
    box(elsewhere, "Input sentences").fill(SENTENCES)
    press(elsewhere, "learn/restart")
    await_state(elsewhere, "#panel_controls", "unedited")
    press(elsewhere, "pause")
    await_status(elsewhere, "paused")
    box(elsewhere, "Model JSON").fill(model)
    press(elsewhere, "load model")
    prediction = elsewhere.get_by_role("region", name="Greedy argmax prediction")
    wait_until(elsewhere, lambda: prediction.inner_text() == written)
    assert json.loads(model)["hidden_sizes"] == [30]
