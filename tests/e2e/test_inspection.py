"""The inspection panels, with a real server."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.page import (
    await_more_steps,
    await_state,
    close_panel,
    learn,
    open_page,
    open_panel,
    pause,
    slide,
    wait_until,
)

SENTENCES = "\n".join(f"the {n} small sheep (of {n * 7919 % 1000})" for n in range(20))
"""Too much for a small network to overfit, so that its results keep changing."""
READING = "the small sheep"
LSTM_LAYER = 15
"""Number of matrices and biases of a network with one layer."""
PANELS = {
    "surprise": "surprise",
    "units": "units",
    "letter_map": "letters",
    "weights": "weights",
    "gradient_check": "gradient_check",
}
"""The event that each panel sends."""

LIT = "#netpicture :is(.lit, .hollow)[d]:not([d=''])"
SHAPES = "paths => paths.map((path) => path.getAttribute('d'))"
NAMES = "marks => marks.map((mark) => mark.ariaLabel)"
COLOURS = "marks => marks.map((mark) => getComputedStyle(mark).backgroundColor)"
PLACES = "marks => marks.map((mark) => `${mark.textContent} ${mark.style.transform}`)"
GRID = """canvas => [[canvas.width, canvas.height],
  [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]]"""


def shown(page: Page, elements: str, what: str) -> list[str]:
    """What each of these elements shows."""
    found: list[str] = page.locator(elements).evaluate_all(what)
    return found


def await_change(page: Page, look: Callable[[], list[str]]) -> list[str]:
    """Wait until something is shown and then changes; returns the first value."""
    wait_until(page, lambda: bool(look()))
    first = look()
    wait_until(page, lambda: look() not in ([], first))
    return first


def open_small(page: Page) -> Page:
    """A page with a small network and a probe text."""
    open_page(page)
    learn(page, SENTENCES, hidden_sizes="8")
    page.locator("#look_text").fill(READING)
    return page


def count_events(page: Page) -> Callable[[str], int]:
    """Counts the events that the page sends; call it before the page opens."""
    frames: list[str] = []

    def note(frame: str | bytes) -> None:
        frames.append(str(frame))

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return lambda event: sum(f'["{event}"' in frame for frame in frames)


def test_the_diagram_shows_activations_of_the_typed_text(page: Page) -> None:
    open_small(page)
    await_change(page, lambda: shown(page, LIT, SHAPES))
    layers = shown(page, "#netpicture > g:first-of-type .unlit", SHAPES)
    assert [shape.count("M") for shape in layers] == [5, 8, len(set(SENTENCES) - {"\n"}) + 1]
    expect(page.locator("#netpicture_next li")).to_have_count(5)
    expect(page.locator(".network-text")).to_have_text(READING)
    entering = page.locator("#netpicture > g").last.locator(".character").first
    slide(page, "netpicture_at", 5)
    expect(entering).to_have_text(READING[4])
    page.locator("#netpicture_forward").click()
    expect(entering).to_have_text(READING[5])
    expect(page.locator(".network-read")).to_have_text(READING[:5])

    page.locator("#complete_prime").press_sequentially("the ")
    await_state(page, "#panel_complete", "shown")
    drawn = page.locator("#complete_samples .apred")
    likeliest = page.locator("#complete_beam .alternative")
    assert all(each.startswith("the ") for each in drawn.all_text_contents())
    assert all(each.startswith("the ") for each in likeliest.all_text_contents())
    logarithms = page.locator("#complete_beam .logarithm").all_text_contents()
    numbers = [float(each.replace("−", "-")) for each in logarithms]
    assert numbers == sorted(numbers, reverse=True)
    await_change(page, drawn.all_text_contents)


def test_every_panel_updates_during_training(page: Page) -> None:
    open_small(page)
    characters = len(set(SENTENCES) - {"\n"})
    open_panel(page, "surprise")
    marks = page.locator("#surprise_text .shaded-mark")
    expect(marks).to_have_count(len(READING) + 1)  # and the end
    await_change(page, lambda: shown(page, "#surprise_text .shaded-mark", NAMES))
    page.locator("#surprise_text [tabindex='0']").press("Home")
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    expect(page.locator("#surprise_likeliest li")).to_have_count(5)

    open_panel(page, "letter_map")
    places = await_change(page, lambda: shown(page, "#letter_map_plot .letter-mark", PLACES))
    assert len(places) == characters + 1  # and the end

    open_panel(page, "weights")
    await_change(page, lambda: shown(page, "#panel_weights .changes-bars", SHAPES))
    expect(page.locator("#panel_weights tbody tr")).to_have_count(LSTM_LAYER)

    open_panel(page, "units")
    colours = await_change(page, lambda: shown(page, "#units_text span", COLOURS))
    assert len(colours) == len(READING)
    grid = page.locator("#units_grid canvas")
    size, pixels = grid.evaluate(GRID)
    assert size == [len(READING), 8]
    assert len(set(pixels)) > 2
    box = grid.bounding_box()
    assert box is not None
    grid.click(position={"x": 5, "y": 6.5 * box["height"] / 8})  # a row selects its unit
    expect(page.locator("#units_unit")).to_have_value("7")
    page.locator("#units_finding").scroll_into_view_if_needed()
    await_state(page, "#units_finding", "shown")
    expect(page.locator(".found > li:not([hidden])")).to_have_count(8)


def test_gradient_check_passes(page: Page) -> None:
    open_small(page)
    pause(page)  # so that training does not slow the check down
    page.locator("#panel_gradient_check summary").press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#gradient_check")).to_be_focused()
    page.keyboard.press("Enter")
    await_state(page, "#panel_gradient_check", "agreed")
    expect(page.locator("#gradient_check_results tbody tr")).to_have_count(LSTM_LAYER)


def test_hidden_panels_send_no_requests(page: Page) -> None:
    questions = count_events(page)

    def all_of_them() -> list[int]:
        return [questions(event) for event in (*PANELS.values(), "find_units", "complete")]

    def await_questions(event: str, more: int) -> None:
        """Wait until a visible panel has sent so many further events."""
        before = questions(event)
        wait_until(page, lambda: questions(event) >= before + more)

    open_page(page)
    await_questions("network", 2)  # the diagram is visible
    assert sum(all_of_them()) == 0

    for panel, event in PANELS.items():
        open_panel(page, panel)
        if panel != "gradient_check":  # which only its button requests
            await_questions(event, 1)
    page.evaluate("scrollTo(0, 0)")
    await_questions("network", 1)
    before = all_of_them()
    await_questions("network", 2)
    assert all_of_them() == before

    for panel in PANELS:
        close_panel(page, panel)
    page.locator("#panel_weights").scroll_into_view_if_needed()
    await_more_steps(page, 2)  # each would trigger a request
    before = all_of_them()
    open_panel(page, "weights")
    await_questions("weights", 1)
    after = all_of_them()
    weights = list(PANELS).index("weights")
    assert [*after[:weights], *after[weights + 1 :]] == [*before[:weights], *before[weights + 1 :]]
    assert before[list(PANELS).index("gradient_check")] == 0
