"""Panels that look inside the network: each lives against the real server, and only while seen."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.page import (
    await_more_steps,
    close_panel,
    expect_no_fault,
    learn,
    open_page,
    open_panel,
    pause,
    slide,
    wait_until,
)

SENTENCES = "the cat sat on the mat\nso we went (home) again"
READING = "so the cat sat"
LSTM_LAYER = 15
"""Matrices and biases of a network of one layer, with its letters and its output."""
PANELS = {
    "surprise": "surprise",
    "units": "units",
    "letter_map": "letters",
    "weights": "weights",
    "gradient_check": "gradient_check",
}
"""By its name, what each panel asks the server."""

LIT = "paths => paths.map((path) => path.getAttribute('d'))"
SHADES = "marks => marks.map((mark) => mark.ariaLabel)"
COLOURS = "marks => marks.map((mark) => getComputedStyle(mark).backgroundColor)"
PLACES = "marks => marks.map((mark) => `${mark.textContent} ${mark.style.transform}`)"
GRID = """canvas => [[canvas.width, canvas.height],
  [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]]"""


def shown(page: Page, elements: str, what: str) -> list[str]:
    """What these elements show, of each of them."""
    found: list[str] = page.locator(elements).evaluate_all(what)
    return found


def await_change(page: Page, look: Callable[[], list[str]]) -> list[str]:
    """Wait until something is shown, and then another thing in its place; the first of them."""
    wait_until(page, lambda: bool(look()))
    first = look()
    wait_until(page, lambda: look() not in ([], first))
    return first


def open_small(page: Page) -> Page:
    """A page whose network is small, and reads a text of its own."""
    open_page(page)
    learn(page, SENTENCES, hidden_sizes="8")
    page.locator("#look_text").fill(READING)
    return page


def asked(page: Page) -> Callable[[str], int]:
    """Counts what the page asks the server; to be called before it is opened."""
    frames: list[str] = []

    def note(frame: str | bytes) -> None:
        frames.append(str(frame))

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return lambda event: sum(f'["{event}"' in frame for frame in frames)


def test_the_picture_of_the_network_is_lit_by_it_and_stepped_through(page: Page) -> None:
    open_small(page)
    lit = "#netpicture :is(.lit, .hollow)[d]:not([d=''])"
    await_change(page, lambda: shown(page, lit, LIT))
    layers = shown(page, "#netpicture > g:first-of-type .unlit", LIT)
    assert [shape.count("M") for shape in layers] == [5, 8, len(set(SENTENCES) - {"\n"}) + 1]
    expect(page.locator("#netpicture_next li")).to_have_count(5)
    expect(page.locator(".network-text")).to_have_text(READING)
    entering = page.locator("#netpicture > g").last.locator(".character").first
    slide(page, "netpicture_at", 5)
    expect(entering).to_have_text(READING[4])
    page.locator("#netpicture_forward").click()
    expect(entering).to_have_text(READING[5])
    expect(page.locator(".network-read")).to_have_text(READING[:5])


def test_a_beginning_is_gone_on_with_as_it_is_typed_and_as_it_learns(page: Page) -> None:
    open_small(page)
    page.locator("#complete_prime").press_sequentially("the ")
    drawn = page.locator("#complete_samples .apred")
    likeliest = page.locator("#complete_beam .alternative")
    for sentences in (drawn, likeliest):
        expect(sentences.first).to_have_text(re.compile("^the "))
    expect(drawn).to_have_count(3)
    logarithms = page.locator("#complete_beam .logarithm").all_text_contents()
    numbers = [float(each.replace("−", "-")) for each in logarithms]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] <= 0
    first = drawn.all_text_contents()
    wait_until(page, lambda: drawn.all_text_contents() != first)
    page.locator("#complete_prime").fill("so 日")
    expect(page.locator("#complete_prime_error[data-code]")).to_be_visible()
    page.locator("#complete_prime").fill("so ")
    expect(drawn.first).to_have_text(re.compile("^so "))
    expect_no_fault(page, "complete_prime")


def test_surprise_and_units_follow_the_network_while_it_reads_a_text(page: Page) -> None:
    open_small(page)
    open_panel(page, "surprise")
    surprise = await_change(page, lambda: shown(page, "#surprise_text .shaded-mark", SHADES))
    assert len(surprise) == len(READING) + 1  # and the end
    marks = page.locator("#surprise_text .shaded-mark")
    page.locator("#surprise_text [tabindex='0']").press("Home")
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    expect(marks.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#surprise_likeliest li")).to_have_count(5)
    open_panel(page, "units")
    colours = await_change(page, lambda: shown(page, "#units_text span", COLOURS))
    assert len(colours) == len(READING)
    grid = page.locator("#units_grid canvas")
    size, pixels = grid.evaluate(GRID)
    assert size == [len(READING), 8]
    assert len(set(pixels)) > 2
    box = grid.bounding_box()
    assert box is not None
    grid.click(position={"x": 5, "y": 6.5 * box["height"] / 8})  # a row chooses its unit
    expect(page.locator("#units_unit")).to_have_value("7")
    page.locator("#units_finding").scroll_into_view_if_needed()
    found = page.locator(".found > li:not([hidden])")
    expect(found).to_have_count(8)
    pause(page)
    name = found.nth(2).locator(".found-name")
    _layer, unit = re.findall(r"\d+", name.inner_text())
    found.nth(2).get_by_role("button").click()
    expect(page.locator("#units_unit")).to_have_value(unit)


def test_letter_vectors_and_weights_move_as_they_are_learnt(page: Page) -> None:
    open_small(page)
    open_panel(page, "letter_map")
    places = await_change(page, lambda: shown(page, "#letter_map_plot .letter-mark", PLACES))
    assert len(places) == len(set(SENTENCES) - {"\n"}) + 1  # and the end
    open_panel(page, "weights")
    await_change(page, lambda: shown(page, "#panel_weights .changes-bars", LIT))
    expect(page.locator("#panel_weights tbody tr")).to_have_count(LSTM_LAYER)
    medians = page.locator("#panel_weights .matrix-median").all_text_contents()
    assert all(re.search(r"\d", median) for median in medians)


def test_the_gradients_of_the_network_agree_with_measured_slopes(page: Page) -> None:
    open_small(page)
    pause(page)  # or its training would take the check's time
    page.locator("#panel_gradient_check summary").press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#gradient_check")).to_be_focused()
    page.keyboard.press("Enter")
    rows = page.locator("#gradient_check_results tbody tr")
    expect(rows).to_have_count(LSTM_LAYER)
    expect(page.locator("#gradient_check_results .check-wrong")).to_have_count(0)
    expect(page.locator("#gradient_check")).not_to_have_attribute("aria-busy", "true")
    expect_no_fault(page, "gradient_check")


def test_panels_that_are_closed_or_out_of_sight_ask_nothing(page: Page) -> None:
    questions = asked(page)

    def all_of_them() -> list[int]:
        return [questions(event) for event in (*PANELS.values(), "find_units", "complete")]

    def await_questions(event: str, more: int) -> None:
        """Wait until a panel that is in sight has asked so often from now on."""
        before = questions(event)
        wait_until(page, lambda: questions(event) >= before + more)

    open_page(page)
    await_questions("network", 3)  # the picture of the network is in sight
    assert sum(all_of_them()) == 0

    for panel, event in PANELS.items():
        open_panel(page, panel)
        if panel != "gradient_check":  # which is asked for by its button alone
            await_questions(event, 1)
    page.evaluate("scrollTo(0, 0)")
    await_questions("network", 1)
    before = all_of_them()
    await_questions("network", 3)
    assert all_of_them() == before

    for panel in PANELS:
        close_panel(page, panel)
    page.locator("#panel_weights").scroll_into_view_if_needed()
    await_more_steps(page, 3)  # each would have them look whether to ask
    before = all_of_them()
    open_panel(page, "weights")
    await_questions("weights", 2)
    after = all_of_them()
    weights = list(PANELS).index("weights")
    assert [*after[:weights], *after[weights + 1 :]] == [*before[:weights], *before[weights + 1 :]]
    assert before[list(PANELS).index("gradient_check")] == 0
