"""The page as a person reads it: its figures and its texts, by the original demo's ids."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page

_NUMBER = re.compile(r"[\d,]+\.?\d*")


def open_page(page: Page) -> Page:
    """Open the page and wait until the first steps are on it."""
    page.goto("/")
    wait_until(page, lambda: figure(page, "steps") > 0)
    return page


def figure(page: Page, element: str) -> float:
    """The number in a figure such as "perplexity: 9.31"; 0 while there is none."""
    found = _NUMBER.search(text(page, element).rpartition(":")[2])
    return float(found[0].replace(",", "")) if found else 0.0


def text(page: Page, element: str) -> str:
    """The text of the element with this id."""
    return page.locator(f"#{element}").inner_text()


def samples(page: Page) -> list[str]:
    """The sampled sentences."""
    return page.locator("#samples .apred").all_inner_texts()


def greedy(page: Page) -> str:
    """The greedy prediction."""
    return page.locator("#argmax .apred").inner_text()


def slide(page: Page, element: str, value: float) -> None:
    """Move a slider, as a hand does: the value changes and the page is told."""
    page.locator(f"#{element}").evaluate(
        "(slider, value) => { slider.value = value;"
        " slider.dispatchEvent(new Event('input', {bubbles: true}));"
        " slider.dispatchEvent(new Event('change', {bubbles: true})); }",
        str(value),
    )


def wait_until(page: Page, holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to hold on the page; fail if it does not in time."""
    for _ in range(int(seconds * 20)):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come about in time")


def assert_learns_on(page: Page) -> None:
    """The network takes more steps, and the page says so."""
    steps = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > steps)
    assert "learning" in text(page, "status").lower()


def pause(page: Page) -> None:
    """Pause, and wait until the steps stand still."""
    page.locator("#stop").click()
    page.locator("#status", has_text=re.compile("paused", re.IGNORECASE)).wait_for()
    page.wait_for_timeout(300)  # the frame that was under way


def learn(page: Page, sentences: str | None = None, **options: str) -> None:
    """Put in sentences, where those that are there are not meant, and options; learn/restart."""
    if sentences is not None:
        page.locator("#ti").fill(sentences)
    for name, value in options.items():
        page.locator(f"#opt_{name}").fill(value)
    page.locator("#learn").click()
