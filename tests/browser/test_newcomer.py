"""Somebody who has never seen the page goes by what it says, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.the_page import wait_until
from tests.running_server import running_server

SENTENCES = [
    "the ferry leaves at nine and comes back at noon",
    "the ferry leaves at ten and comes back at night",
    "the train leaves at nine and never comes back",
    "the train leaves at noon and comes back at ten",
]


def perplexity(page: Page) -> float:
    """What the page says beside the word."""
    told = page.locator("p", has_text="perplexity:").first.text_content() or ""
    number = told.split(":")[-1].strip()
    return float(number) if number.replace(".", "").isdigit() else float("inf")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def best_of(page: Page, hidden_sizes: str) -> float:
    """Learn with this option for a number of steps; the perplexity then."""
    page.get_by_label("Hidden sizes").fill(hidden_sizes)
    press(page, "learn/restart")
    steps = page.locator("p", has_text="steps:")
    expect(page.get_by_role("status").first).to_have_text("Learning")
    wait_until(
        page, lambda: int((steps.text_content() or "").split(":")[1].replace(",", "") or 0) > 2500
    )
    return perplexity(page)


def test_a_newcomer_gets_a_better_model_of_their_own_text_and_takes_it_elsewhere(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Input sentences").fill("\n".join(SENTENCES))
    expect(page.get_by_text("press learn to use it")).to_be_visible()
    small = best_of(page, "2")
    assert best_of(page, "30") < small  # one option changed, and it is better
    expect(page.get_by_label("earlier run")).to_be_visible()  # to compare with, in grey
    wait_until(page, lambda: perplexity(page) < 1.5, seconds=60)
    press(page, "pause")
    expect(page.get_by_role("status").first).to_have_text("Paused")
    press(page, "save model")
    box = page.get_by_role("textbox", name="I/O save/load model JSON")
    wait_until(page, lambda: len(box.input_value()) > 1000)
    carried = tmp_path / "model.json"
    carried.write_text(box.input_value())
    written = page.get_by_role("region", name="Greedy argmax prediction").inner_text()
    with running_server(tmp_path / "elsewhere") as elsewhere:
        there = browser.new_context(base_url=elsewhere.url).new_page()
        there.goto("/")
        there.get_by_role("textbox", name="Input sentences").fill("\n".join(SENTENCES))
        press(there, "learn/restart")
        expect(there.get_by_text("found")).to_contain_text("distinct characters")
        press(there, "pause")
        there.get_by_role("textbox", name="I/O save/load model JSON").fill(carried.read_text())
        press(there, "load model")
        prediction = there.get_by_role("region", name="Greedy argmax prediction")
        wait_until(there, lambda: prediction.inner_text() == written)
        there.context.close()
    assert json.loads(carried.read_text())["hidden_sizes"] == [30]
