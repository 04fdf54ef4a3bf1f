"""Page object: reads and operates the page by ids and states of its elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

LOOK_MS = 100
"""Polling interval."""
PATIENCE_SECONDS = 60

FIGURE = (
    "(id) => parseFloat(document.querySelector(`#${id} .figure-value`)"
    ".textContent.replaceAll(',', '')) || 0"
)
"""The number in a figure of the page; 0 if it is empty."""
SLIDE = """(slider, value) => {
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  slider.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def open_page(page: Page, address: str = "/") -> Page:
    """Open the page and wait until the first steps are on it."""
    page.goto(address)
    await_figure(page, "steps", 0)
    return page


def await_state(page: Page, element: str, state: str) -> None:
    """Wait until the element has this state."""
    expect(page.locator(element)).to_have_attribute("data-state", state)


def await_status(page: Page, status: str) -> None:
    """Wait until the page shows this status."""
    await_state(page, ".status", status)


def figure(page: Page, element: str) -> float:
    """The number in a figure such as the perplexity; 0 if it is empty."""
    number: float = page.evaluate(FIGURE, element)
    return number


def await_figure(page: Page, element: str, least: float) -> None:
    """Wait until a figure is greater than this."""
    page.wait_for_function(f"([id, least]) => ({FIGURE})(id) > least", arg=[element, least])


def await_perplexity(page: Page, most: float) -> None:
    """Wait until the perplexity is lower than this."""
    page.wait_for_function(
        f"(most) => {{ const ppl = ({FIGURE})('ppl'); return ppl >= 1 && ppl < most; }}", arg=most
    )


def await_more_steps(page: Page, times: int = 1) -> None:
    """Wait until the page has shown so many updates of the steps."""
    for _ in range(times):
        await_figure(page, "steps", figure(page, "steps"))


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Poll until a condition holds; fails after a timeout."""
    for _ in range(PATIENCE_SECONDS * 1000 // LOOK_MS):
        if holds():
            return
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError("the condition did not hold in time")


def text(page: Page, element: str) -> str:
    """The text of the element with this id."""
    return page.locator(f"#{element}").text_content() or ""


def samples(page: Page) -> list[str]:
    """The sampled sentences."""
    return page.locator("#samples .apred").all_inner_texts()


def greedy(page: Page) -> str:
    """The greedy prediction."""
    return page.locator("#argmax .apred").inner_text()


def writing(page: Page) -> tuple[float, list[str]]:
    """The steps, and the samples and the prediction shown with them."""
    return figure(page, "steps"), [*samples(page), greedy(page)]


def slide(page: Page, element: str, value: float) -> None:
    """Move a slider."""
    page.locator(f"#{element}").evaluate(SLIDE, str(value))


def pause(page: Page) -> None:
    """Pause, and wait until the page shows the status."""
    page.locator("#stop").click()
    await_status(page, "paused")


def learn(page: Page, sentences: str | None = None, **options: str) -> None:
    """Enter sentences, if given, and options; learn, and wait until the new network is shown.

    Select options of lists before.
    """
    if sentences is not None:
        page.locator("#ti").fill(sentences)
    for name, value in options.items():
        open_options(page, name)
        page.locator(f"#opt_{name}").fill(value)
    page.locator("#learn").click()
    expect(page.locator("#learn")).not_to_have_attribute("aria-busy", "true")
    await_state(page, "#panel_controls", "unedited")
    if sentences is not None:
        expect_characters(page, len(set(sentences) - {"\n"}))


def open_options(page: Page, name: str) -> None:
    """Open the group of options that contains this one."""
    group = page.locator(f"details:not([open]):has(#opt_{name}) > summary")
    if group.count():
        group.click()


def show_text(page: Page) -> None:
    """Scroll to the text box, and wait until the page has fetched the text."""
    page.locator("#ti").scroll_into_view_if_needed()
    await_state(page, "#panel_sentences", "ready")


def expect_characters(page: Page, count: int) -> None:
    """Assert that the vocabulary has so many characters."""
    expect(page.locator("#prepro_status")).to_have_text(re.compile(rf"^\D*{count}\b"))


def model(page: Page) -> dict[str, Any]:
    """The downloaded model."""
    answer = page.request.get("/api/model.json")
    assert answer.ok
    downloaded: dict[str, Any] = answer.json()
    return downloaded


def save_into_box(page: Page) -> str:
    """Press save, and return the model from the text box."""
    page.locator("#savemodel").click()
    await_state(page, "#panel_saving", "saved")
    return page.locator("#tio").input_value()


def expect_fault(page: Page, name: str, code: str) -> None:
    """Assert that a field shows this error code."""
    expect(page.locator(f"#{name}_error")).to_have_attribute("data-code", code)


def expect_no_fault(page: Page, name: str) -> None:
    """Assert that a field shows no error."""
    expect(page.locator(f"#{name}_error[data-code]")).to_have_count(0)


def share(page: Page) -> str:
    """Share a copy of the network; returns its link."""
    page.locator("#share").click()
    await_state(page, "#sharing", "shared")
    return page.locator("#share_address").input_value()


def notice(page: Page, code: str) -> Locator:
    """The notice with this code."""
    return page.locator(f"#notices [data-code='{code}']")


def block_requests(page: Page, address: str) -> Callable[[], None]:
    """Block requests for a file; returns a function that waits for one and lets it through."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def let_through() -> None:
        wait_until(page, lambda: bool(held))
        held.pop().continue_()

    page.route(address, hold)
    return let_through


def open_panel(page: Page, panel: str) -> None:
    """Open an inspection panel and scroll to it."""
    details = page.locator(f"#panel_{panel}")
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    details.locator(".inspect-body").scroll_into_view_if_needed()


def close_panel(page: Page, panel: str) -> None:
    """Close an inspection panel."""
    details = page.locator(f"#panel_{panel}")
    if details.get_attribute("open") is not None:
        details.locator("summary").first.click()
