"""The page as a person uses it: what it shows, by the ids, states and numbers of its elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

LOOK_MS = 100
"""Between two looks at something that no single element of the page tells."""
PATIENCE_SECONDS = 60

FIGURE = (
    "(id) => parseFloat(document.querySelector(`#${id} .figure-value`)"
    ".textContent.replaceAll(',', '')) || 0"
)
"""The number in one of the page's figures; 0 while there is none."""
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
    """Wait until a part of the page, by its selector, is in this state."""
    expect(page.locator(element)).to_have_attribute("data-state", state)


def await_status(page: Page, status: str) -> None:
    """Wait until the page says that this is what it does."""
    await_state(page, ".status", status)


def figure(page: Page, element: str) -> float:
    """The number in a figure such as the perplexity; 0 while there is none."""
    number: float = page.evaluate(FIGURE, element)
    return number


def await_figure(page: Page, element: str, least: float) -> None:
    """Wait until a figure is more than this."""
    page.wait_for_function(f"([id, least]) => ({FIGURE})(id) > least", arg=[element, least])


def await_perplexity(page: Page, most: float) -> None:
    """Wait until the network is so good at its text."""
    page.wait_for_function(
        f"(most) => {{ const ppl = ({FIGURE})('ppl'); return ppl >= 1 && ppl < most; }}", arg=most
    )


def await_more_steps(page: Page, times: int = 1) -> None:
    """Wait until the page has been told so often that the network has learnt on."""
    for _ in range(times):
        await_figure(page, "steps", figure(page, "steps"))


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for something that takes more than one look; fail if it does not come about in time."""
    for _ in range(PATIENCE_SECONDS * 1000 // LOOK_MS):
        if holds():
            return
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError("it did not come about in time")


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
    """After how many steps, and all that the network writes then."""
    return figure(page, "steps"), [*samples(page), greedy(page)]


def slide(page: Page, element: str, value: float) -> None:
    """Move a slider, as a hand does: the value changes and the page is told."""
    page.locator(f"#{element}").evaluate(SLIDE, str(value))


def pause(page: Page) -> None:
    """Pause, and wait until the page says so: what it shows then is how the network rests."""
    page.locator("#stop").click()
    await_status(page, "paused")


def learn(page: Page, sentences: str | None = None, **options: str) -> None:
    """Put in sentences, if there are any, and options; learn, and wait until that network is here.

    Options that are chosen from a list are to be chosen before.
    """
    if sentences is not None:
        page.locator("#ti").fill(sentences)
    for name, value in options.items():
        page.locator(f"#opt_{name}").fill(value)
    page.locator("#learn").click()
    expect(page.locator("#learn")).not_to_have_attribute("aria-busy", "true")
    await_state(page, "#panel_controls", "unedited")
    if sentences is not None:
        expect_characters(page, len(set(sentences) - {"\n"}))


def expect_characters(page: Page, count: int) -> None:
    """The network knows so many characters."""
    expect(page.locator("#prepro_status")).to_have_text(re.compile(rf"^\D*{count}\b"))


def model(page: Page) -> dict[str, Any]:
    """The model as it can be downloaded now."""
    answer = page.request.get("/api/model.json")
    assert answer.ok
    downloaded: dict[str, Any] = answer.json()
    return downloaded


def save_into_box(page: Page) -> str:
    """Press save, and wait for the model in the box."""
    page.locator("#savemodel").click()
    await_state(page, "#panel_saving", "saved")
    return page.locator("#tio").input_value()


def expect_fault(page: Page, name: str, code: str) -> None:
    """This is what the page says is wrong there."""
    expect(page.locator(f"#{name}_error")).to_have_attribute("data-code", code)


def expect_no_fault(page: Page, name: str) -> None:
    """Nothing is wrong there."""
    expect(page.locator(f"#{name}_error[data-code]")).to_have_count(0)


def share(page: Page) -> str:
    """Share a copy of the network; the link that the page shows."""
    page.locator("#share").click()
    await_state(page, "#sharing", "shared")
    return page.locator("#share_address").input_value()


def notice(page: Page, code: str) -> Locator:
    """The notice of this code."""
    return page.locator(f"#notices [data-code='{code}']")


def hold_back(page: Page, address: str) -> Callable[[], None]:
    """Keep a file from the page; returns what waits until it was asked for and lets it through."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def let_through() -> None:
        wait_until(page, lambda: bool(held))
        held.pop().continue_()

    page.route(address, hold)
    return let_through


def open_panel(page: Page, panel: str) -> None:
    """Open a panel that looks inside the network if it is closed, and have it in sight."""
    details = page.locator(f"#panel_{panel}")
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    details.locator(".inspect-body").scroll_into_view_if_needed()


def close_panel(page: Page, panel: str) -> None:
    """Close a panel that looks inside the network."""
    details = page.locator(f"#panel_{panel}")
    if details.get_attribute("open") is not None:
        details.locator("summary").first.click()
