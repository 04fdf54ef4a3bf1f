"""How the page feels under the hands: it follows the person, answers at once, and takes back."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.the_page import figure, learn, open_page, pause, slide, text, wait_until

LIGHT_PAPER, DARK_PAPER = "rgb(251, 250, 247)", "rgb(21, 24, 29)"


def paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def ink_of_the_curve(page: Page) -> str:
    """The colour that a script reads to draw the curve with."""
    colour: str = page.evaluate("getComputedStyle(document.body).getPropertyValue('--curve')")
    return colour


# ------------------------------------------------------------------ all at once


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 800)])
def test_controls_figures_curve_and_samples_are_in_sight_together(
    page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_page(page)
    for hint in page.get_by_role("button", name="got it").all():
        hint.click()
    page.evaluate("scrollTo(0, 0)")
    for element in ("learn", "lr_slider", "ppl", "pplgraph", "temperature_slider", "samples"):
        expect(page.locator(f"#{element}")).to_be_in_viewport(ratio=1)
    expect(page.locator("#argmax .apred")).to_be_in_viewport(ratio=1)


# ------------------------------------------------------------------ light and dark


def test_without_a_choice_the_page_is_as_the_system_wishes(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    expect(page.locator("#scheme")).to_have_value("system")
    assert paper(page) == LIGHT_PAPER
    page.emulate_media(color_scheme="dark")
    assert paper(page) == DARK_PAPER


@pytest.mark.parametrize(
    ("system", "chosen", "shown"), [("light", "dark", DARK_PAPER), ("dark", "light", LIGHT_PAPER)]
)
def test_a_choice_wins_over_the_system_in_every_tab_and_after_a_reload(
    page: Page, system: str, chosen: str, shown: str
) -> None:
    page.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    page.goto("/")
    other_tab = page.context.new_page()
    other_tab.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    other_tab.goto("/")
    page.locator("#scheme").select_option(chosen)
    assert paper(page) == shown
    expect(other_tab.locator("#scheme")).to_have_value(chosen)
    assert paper(other_tab) == shown
    page.reload()
    expect(page.locator("#scheme")).to_have_value(chosen)
    assert paper(page) == shown
    page.locator("#scheme").select_option("system")
    assert paper(page) != shown
    assert page.evaluate("localStorage.getItem('scheme')") is None


def test_the_choice_is_there_before_anything_is_drawn(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.locator("#scheme").select_option("dark")
    page.add_init_script(
        "new MutationObserver((_, watch) => { if (!document.body) return; watch.disconnect();"
        " window.atFirst = document.documentElement.dataset.scheme; })"
        ".observe(document, {childList: true, subtree: true});"
    )
    page.reload()
    assert page.evaluate("window.atFirst") == "dark"


def test_scripts_that_draw_hear_of_the_change_and_read_plain_colours(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    expect(page.locator("#scheme")).to_have_value("system")
    page.evaluate(
        "window.heard = 0; addEventListener('schemechange', () => { window.heard += 1; });"
    )
    light = ink_of_the_curve(page)
    page.locator("#scheme").select_option("dark")
    assert page.evaluate("window.heard") == 1
    dark = ink_of_the_curve(page)
    page.locator("#scheme").select_option("system")
    page.emulate_media(color_scheme="dark")
    wait_until(page, lambda: page.evaluate("window.heard") == 3)
    assert (light, dark) == ("rgb(116, 69, 176)", "rgb(195, 157, 242)")
    assert ink_of_the_curve(page) == dark


# ------------------------------------------------------------------ numbers that act at once


def test_a_typed_number_is_applied_and_the_slider_and_other_tabs_follow(page: Page) -> None:
    open_page(page)
    other_tab = page.context.new_page()
    other_tab.goto("/")
    page.locator("#lr_typed").fill("0.003")
    page.locator("#lr_typed").press("Enter")
    expect(page.locator("#lr_text")).to_have_text("0.00300")
    expect(page.locator("#lr_typed")).to_have_value("0.00300")
    expect(page.locator("#lr_slider")).to_have_value("-2.5")
    expect(other_tab.locator("#lr_typed")).to_have_value("0.00300")
    page.locator("#temperature_typed").fill("0.5")
    page.locator("#temperature_typed").blur()
    expect(other_tab.locator("#temperature_text")).to_have_text("0.50")


def test_a_number_smaller_than_the_slider_goes_is_shown_with_its_digits(page: Page) -> None:
    open_page(page)
    page.locator("#lr_typed").fill("0.0000012")
    page.locator("#lr_typed").press("Enter")
    expect(page.locator("#lr_text")).to_have_text("0.00000120")
    expect(page.locator("#lr_slider")).to_have_value("-5")


def test_what_cannot_be_used_is_said_at_the_field_and_left_there_to_mend(page: Page) -> None:
    open_page(page)
    typed, fault = page.locator("#temperature_typed"), page.locator("#temperature_error")
    for wrong in ("hot", "99", ""):
        typed.fill(wrong)
        typed.press("Enter")
        expect(fault).to_contain_text("Write a number")
        expect(typed).to_have_attribute("aria-invalid", "true")
        assert typed.input_value() == wrong
        assert text(page, "temperature_text") == "1.00"
        typed.fill("1")
        typed.press("Enter")
        expect(fault).to_be_empty()
        expect(typed).to_have_value("1.00")
    typed.fill("nearly")
    typed.press("Enter")
    expect(fault).not_to_be_empty()
    typed.press("Escape")
    expect(typed).to_have_value("1.00")
    expect(fault).to_be_empty()


def test_frames_leave_alone_what_is_being_typed(page: Page) -> None:
    open_page(page)
    page.locator("#lr_typed").fill("0.00")
    slide(page, "temperature_slider", -1)  # its frame tells the learning rate, too
    expect(page.locator("#temperature_text")).to_have_text("0.10")
    wait_until(page, lambda: page.locator("#temperature_typed").input_value() == "0.10")
    assert page.locator("#lr_typed").input_value() == "0.00"


def test_sliders_take_steps_from_the_keyboard_and_show_their_default(page: Page) -> None:
    open_page(page)
    slider = page.locator("#temperature_slider")
    slider.press("ArrowLeft")
    expect(page.locator("#temperature_text")).to_have_text("0.89")
    slider.press("Home")
    expect(page.locator("#temperature_text")).to_have_text("0.10")
    slide(page, "temperature_slider", 0)
    for name in ("temperature", "lr"):
        track = page.locator(f"#{name}_slider").bounding_box()
        mark = page.locator(f"#{name}_slider + .dial-scale .dial-default").bounding_box()
        assert track is not None
        assert mark is not None
        thumb = 18
        low, high = {"temperature": (-1, 1.05), "lr": (-5, -1.95)}[name]
        default = {"temperature": 0, "lr": -2}[name]
        share = (default - low) / (high - low)
        expected = track["x"] + thumb / 2 + share * (track["width"] - thumb)
        assert mark["x"] + mark["width"] / 2 == pytest.approx(expected, abs=1)


# ------------------------------------------------------------------ figures


def test_the_perplexity_comes_with_its_change_while_it_learns(page: Page) -> None:
    open_page(page)
    change = page.locator("#ppl_change")
    room = change.bounding_box()
    expect(change).to_have_text(re.compile(r"^\d[\d.]* in \d+ s$"))
    expect(change).to_have_attribute("data-direction", "down")
    filled = change.bounding_box()
    assert room is not None
    assert filled is not None
    assert filled["height"] == room["height"]  # nothing below it has moved
    pause(page)
    expect(change).to_be_empty()


def test_an_epoch_is_a_bar_where_it_takes_time_and_a_speed_where_it_does_not(page: Page) -> None:
    open_page(page)
    learn(page, "ab\nba", hidden_sizes="4")
    expect(page.locator("#epoch_speed")).to_have_text(re.compile(r"\d/s$"))
    expect(page.locator("#epoch_progress")).to_be_hidden()
    sentences = "\n".join(
        f"{number} bottles stand on the shelf by the wall" for number in range(900)
    )
    learn(page, sentences, hidden_sizes="300, 300")
    bar = page.locator("#epoch_progress")
    expect(bar).to_be_visible()
    expect(page.locator("#epoch_speed")).to_be_empty()
    wait_until(page, lambda: int(bar.get_attribute("aria-valuenow") or 0) > 0)
    pause(page)
    assert figure(page, "epoch") == figure(page, "steps") // 855  # 45 are kept aside


# ------------------------------------------------------------------ the state


def test_a_network_that_ran_off_is_said_to_have_recovered_and_then_to_learn(page: Page) -> None:
    open_page(page)
    page.evaluate(
        "const status = document.querySelector('#status'); window.said = new Set();"
        "new MutationObserver(() => window.said.add(status.textContent))"
        ".observe(status, {childList: true, characterData: true, subtree: true});"
    )
    page.locator("#opt_kind").select_option("rnn")
    learn(page, "some words here\nand there", hidden_sizes="40, 40", learning_rate="1")
    wait_until(
        page,
        lambda: any("recovered at" in words for words in page.evaluate("[...window.said]")),
        seconds=90,  # an rnn may have to be compiled first
    )
    expect(page.locator("#status")).to_have_text("Learning")  # once it keeps to its way
    assert page.locator(".status").get_attribute("data-state") == "learning"


# ------------------------------------------------------------------ taking back


def undo_buttons(page: Page) -> list[bool]:
    return [button.is_visible() for button in page.locator("button.undo").all()]


def test_the_network_before_a_restart_comes_back_and_can_be_left_again(page: Page) -> None:
    open_page(page)
    characters, sentences = text(page, "prepro_status"), page.locator("#ti").input_value()
    pause(page)
    steps = figure(page, "steps")
    assert undo_buttons(page) == [False] * 3
    learn(page, "abab\nbaba", hidden_sizes="4")
    button = page.locator("#panel_controls button.undo")
    expect(button).to_have_text("bring the last network back")
    wait_until(page, lambda: undo_buttons(page) == [True] * 3)  # their words are there before
    button.press("Enter")
    expect(page.locator("#prepro_status")).to_have_text(characters)
    assert page.locator("#ti").input_value() == sentences
    expect(page.locator("#opt_hidden_sizes")).to_have_value("20, 20")
    wait_until(page, lambda: figure(page, "steps") > steps)  # the other was learning, so it does
    expect(button).to_be_focused()
    expect(button).to_have_text("go back to the newer network")
    button.click()
    expect(page.locator("#prepro_status")).to_contain_text("found 2 distinct characters")
    expect(page.locator("#opt_hidden_sizes")).to_have_value("4")


def test_a_notice_offers_to_undo_a_load_and_only_where_it_was_seen(page: Page) -> None:
    open_page(page)
    page.locator("#loadpretrained").click()
    expect(page.locator("#lr_text")).to_have_text("0.00010")
    page.locator("#notices").get_by_role("button", name="bring the last network back").click()
    expect(page.locator("#lr_text")).to_have_text("0.01000")
    expect(page.locator("#notices")).to_be_empty()
    page.reload()
    expect(page.locator("#panel_controls button.undo")).to_be_visible()
    expect(page.locator("#notices")).to_be_empty()


def test_the_notice_goes_with_the_network_it_tells_of(page: Page) -> None:
    open_page(page)
    other_tab = open_page(page.context.new_page())
    learn(page, "abab\nbaba", hidden_sizes="4")
    expect(other_tab.locator("#notices")).to_contain_text("kept for five minutes")
    other_tab.locator("#panel_controls button.undo").click()
    expect(page.locator("#prepro_status")).not_to_contain_text("found 2 distinct")
    expect(page.locator("#notices")).to_be_empty()
    expect(other_tab.locator("#notices")).to_be_empty()


# ------------------------------------------------------------------ answering at once


def test_every_button_shows_at_once_that_it_was_pressed(page: Page) -> None:
    open_page(page)
    learn(page)
    expect(page.locator("#panel_controls button.undo")).to_be_visible()
    for button in ("#stop", "#resume", "#learn", "#savemodel", "#loadmodel", "#loadpretrained"):
        busy = page.locator(button).evaluate(
            "(button) => { button.click(); return button.getAttribute('aria-busy'); }"
        )
        assert busy == "true", button
        expect(page.locator(button)).not_to_have_attribute("aria-busy", "true")
    busy = page.locator("#panel_controls button.undo").evaluate(
        "(button) => { button.click(); return button.getAttribute('aria-busy'); }"
    )
    assert busy == "true"


# ------------------------------------------------------------------ keys


def test_space_pauses_and_resumes_wherever_it_has_no_use_of_its_own(page: Page) -> None:
    open_page(page)
    status = page.locator("#status")
    page.locator("body").press(" ")
    expect(status).to_have_text("Paused")
    assert page.evaluate("scrollY") == 0
    page.locator("body").press(" ")
    expect(status).to_have_text("Learning")
    page.locator("#ti").press(" ")
    page.locator("#lr_slider").press(" ")
    page.locator("#scheme").press(" ")
    page.keyboard.press("Escape")  # the list that it has opened
    page.locator("#keys_open").press(" ")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    steps = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > steps)
    expect(status).to_have_text("Learning")


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(page: Page) -> None:
    open_page(page)
    keys = page.get_by_role("dialog", name="Keys")
    page.locator("#complete_prime").fill("what")
    page.locator("#complete_prime").press("?")
    expect(page.locator("#complete_prime")).to_have_value("what?")
    expect(keys).to_be_hidden()
    page.locator("#lr_slider").press("?")
    expect(keys).to_contain_text("pause, or resume")
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(page.locator("#lr_slider")).to_be_focused()
    page.get_by_role("button", name="Keys").click()
    keys.get_by_role("button", name="Close").click()
    expect(keys).to_be_hidden()


def test_who_does_without_the_keys_is_left_alone_by_them(page: Page) -> None:
    open_page(page)
    page.locator("#keys_open").click()
    page.locator("#keys_used").uncheck()
    page.reload()
    wait_until(page, lambda: figure(page, "steps") > 0)
    page.locator("body").press("?")
    page.locator("body").press(" ")
    steps = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > steps)
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#status")).to_have_text("Learning")
    page.locator("#keys_open").click()
    page.locator("#keys_used").check()
    page.locator("#keys_close").click()
    page.locator("#keys_open").blur()
    page.locator("body").press(" ")
    expect(page.locator("#status")).to_have_text("Paused")


# ------------------------------------------------------------------ for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_what_comes_and_goes(page: Page, scheme: str) -> None:
    open_page(page)
    page.locator("#scheme").select_option(scheme)
    page.locator("#learn").click()
    expect(page.locator("#notices")).to_contain_text("kept for five minutes")
    page.locator("#temperature_typed").fill("hot")
    page.locator("#temperature_typed").press("Enter")
    expect(page.locator("#temperature_error")).not_to_be_empty()
    for dialog in (False, True):
        if dialog:
            page.locator("#keys_open").click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
