"""The letter vectors on a plane, as they are learnt."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.looking import asks, open_panel, sent
from tests.e2e.the_page import learn, open_page, pause, wait_until
from tests.e2e.the_socket import Answer, change_answers

PLOT = "#letter_map_plot"


def open_map(page: Page) -> None:
    """Open the panel and wait for its marks."""
    open_panel(page, "letter_map")
    page.locator(f"{PLOT} .letter-mark").first.wait_for()


def marks(page: Page) -> dict[str, str]:
    """Where each mark is, by its name."""
    return dict(
        page.locator(f"{PLOT} .letter-mark").evaluate_all(
            "marks => marks.map((mark) => [mark.textContent, mark.style.transform])"
        )
    )


def place(page: Page, name: str) -> tuple[float, float]:
    """Where a mark is, from the middle of the picture."""
    box = page.locator(PLOT).evaluate("plot => [plot.clientWidth, plot.clientHeight]")
    x, y = map(float, re.findall(r"-?[\d.]+(?=px)", marks(page)[name]))
    return x - box[0] / 2, y - box[1] / 2


def test_every_character_has_a_mark_that_moves_while_the_network_learns(page: Page) -> None:
    open_page(page)
    open_map(page)
    first = marks(page)
    assert {"END", "␣", "e", "t"} <= first.keys()
    expect(page.locator("#letter_map_first")).to_have_text(
        re.compile(r"first component, \d+.% of the variance")
    )
    expect(page.locator("#letter_map_second")).to_have_text(
        re.compile(r"second component, \d+.% of the variance")
    )
    wait_until(page, lambda: all(marks(page)[name] != first[name] for name in first))
    assert list(marks(page)) == list(first)  # the same marks, moved


def test_a_component_that_turns_over_turns_nothing_over_in_the_picture(page: Page) -> None:
    turns: list[int] = []

    def turn_over(answer: Answer) -> Answer:
        turns.append(-1 if len(turns) % 2 else 1)
        corners = {"": (2.0, 1.0), "e": (-2.0, -1.0)}
        points = [corners.get(letter, (0.0, 0.0)) for letter in answer["letters"]]
        return {**answer, "points": [(turns[-1] * x, -turns[-1] * y) for x, y in points]}

    change_answers(page, "letters", turn_over)
    open_page(page)
    open_map(page)
    first = place(page, "END")
    wait_until(page, lambda: len(turns) > 3)
    assert place(page, "END") == first
    assert first[0] > 0
    assert first[1] > 0


def test_marks_at_the_same_place_are_shown_apart(page: Page) -> None:
    change_answers(
        page,
        "letters",
        lambda answer: {
            **answer,
            "points": [
                (1.0, 1.0) if letter in ("e", "t") else (-3.0, 0.0) for letter in answer["letters"]
            ],
        },
    )
    open_page(page)
    open_map(page)
    (x, y), (other_x, other_y) = place(page, "e"), place(page, "t")
    assert 8 < ((x - other_x) ** 2 + (y - other_y) ** 2) ** 0.5 < 30


def test_another_network_has_marks_of_its_own(page: Page) -> None:
    open_page(page)
    open_map(page)
    learn(page, "aab\naba\nabb 7")
    page.locator(PLOT).scroll_into_view_if_needed()
    wait_until(page, lambda: marks(page).keys() == {"END", "␣", "a", "b", "7"})
    expect(page.locator("#panel_letter_map [data-kind=digit]")).to_be_visible()
    expect(page.locator(PLOT)).to_have_attribute("aria-label", re.compile("of 5 characters"))


def test_it_is_reached_by_keyboard_and_read_as_a_table(page: Page) -> None:
    open_page(page)
    pause(page)
    panel = page.locator("#panel_letter_map")
    panel.locator("summary").first.focus()
    page.keyboard.press("Enter")
    picture = page.get_by_role("img", name=re.compile(r"Closest: .+ and .+, then .+ and .+\."))
    expect(picture).to_be_visible()
    assert panel.locator("tbody tr").count() == 0  # nobody reads it yet
    page.keyboard.press("Tab")
    expect(panel.get_by_text("as a table")).to_be_focused()
    page.keyboard.press("Enter")
    table = panel.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(
        ["Character", "First component", "Second component", "Nearest"]
    )
    expect(table.get_by_role("rowheader")).to_have_count(len(marks(page)))
    expect(table.get_by_role("rowheader").first).to_have_text("END")
    assert re.fullmatch(r"−?\d+\.\d{3}", table.locator("td").first.inner_text())


def test_nothing_is_asked_while_it_is_closed_or_out_of_sight(page: Page) -> None:
    frames = sent(page)
    open_page(page)
    panel = page.locator("#panel_letter_map")
    panel.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    assert asks(frames, "letters")() == 0
    open_map(page)
    wait_until(page, lambda: asks(frames, "letters")() > 1)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(700)  # the question that was under way
    frames.clear()
    page.wait_for_timeout(1500)
    assert asks(frames, "letters")() == 0


def test_who_wants_less_motion_sees_none(page: Page) -> None:
    open_page(page)
    open_map(page)
    mark = page.locator(f"{PLOT} .letter-mark").first
    assert mark.evaluate("mark => getComputedStyle(mark).transitionDuration") == "0.3s"
    page.emulate_media(reduced_motion="reduce")
    assert mark.evaluate("mark => getComputedStyle(mark).transitionDuration") == "0s"


def test_a_network_that_has_run_off_is_said_to(page: Page) -> None:
    change_answers(
        page, "letters", lambda answer: {**answer, "letters": [], "points": [], "left_out": 9}
    )
    open_page(page)
    open_panel(page, "letter_map")
    expect(page.locator("#letter_map_wait")).to_contain_text("no longer numbers")
