"""Somebody who has never seen the page goes by what it says, and by nothing else."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.the_page import wait_until
from tests.support.server import running_server

SENTENCES = [
    "the ferry leaves at nine and comes back at noon",
    "the ferry leaves at ten and comes back at night",
    "the train leaves at nine and never comes back",
    "the train leaves at noon and comes back at ten",
]
STEPS = 20_000


def told(page: Page, word: str) -> float:
    """What the page says beside a word; nothing is as good as endless."""
    words = page.locator("p", has_text=re.compile(rf"^{word}:")).text_content() or ""
    number = words.split(":")[1].replace(",", "").strip()
    return float(number) if number.replace(".", "").isdigit() else math.inf


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def best_of(page: Page, hidden_sizes: str) -> float:
    """Learn with this option for a number of steps; the perplexity then."""
    page.get_by_label("Hidden sizes").fill(hidden_sizes)
    press(page, "learn/restart")
    expect(page.get_by_text("press learn to use it")).to_be_hidden()
    wait_until(page, lambda: told(page, "steps") < STEPS)  # it has begun anew
    wait_until(page, lambda: STEPS < told(page, "steps") < math.inf)
    return told(page, "perplexity")


def test_a_newcomer_gets_a_better_model_of_their_own_text_and_takes_it_elsewhere(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    page.goto("/")
    expect(page.get_by_role("status").first).to_have_text("Learning")  # as the page says it is
    page.get_by_role("textbox", name="Input sentences").fill("\n".join(SENTENCES))
    expect(page.get_by_text("press learn to use it")).to_be_visible()
    small = best_of(page, "2")
    assert best_of(page, "30") < small  # one option changed, and it is better
    expect(
        page.get_by_role("checkbox", name=re.compile("earlier run"))
    ).to_be_visible()  # to compare with, in grey
    wait_until(page, lambda: told(page, "perplexity") < 1.5, seconds=60)
    press(page, "pause")
    expect(page.get_by_role("status").first).to_have_text("Paused")
    press(page, "save model")
    box = page.get_by_role("textbox", name="Model JSON")
    wait_until(page, lambda: len(box.input_value()) > 1000)
    carried = tmp_path / "model.json"
    carried.write_text(box.input_value())
    written = page.get_by_role("region", name="Greedy argmax prediction").inner_text()
    with running_server(tmp_path / "elsewhere") as elsewhere:
        there = browser.new_context(base_url=elsewhere.url).new_page()
        there.goto("/")
        expect(there.get_by_role("status").first).to_have_text("Learning")
        there.get_by_role("textbox", name="Input sentences").fill("\n".join(SENTENCES))
        press(there, "learn/restart")
        expect(there.get_by_text("press learn to use it")).to_be_hidden()
        press(there, "pause")
        there.get_by_role("textbox", name="Model JSON").fill(carried.read_text())
        press(there, "load model")
        prediction = there.get_by_role("region", name="Greedy argmax prediction")
        wait_until(there, lambda: prediction.inner_text() == written)
        there.context.close()
    assert json.loads(carried.read_text())["hidden_sizes"] == [30]
