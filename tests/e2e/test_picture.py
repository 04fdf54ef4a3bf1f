"""The picture of the network lives: it shows what the network does with a text, step by step."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.looking import asks, sent, table
from tests.e2e.the_page import figure, learn, open_page, pause, slide, text, wait_until

STEPS = 4


def open_picture(page: Page) -> Page:
    """Open the page and wait until the picture is lit."""
    open_page(page)
    await_lit(page)
    return page


def await_lit(page: Page) -> None:
    wait_until(page, lambda: len(lit(page)) > 0)


def read_text(page: Page, sentence: str) -> None:
    """Have the network read this, and wait until the picture is of it."""
    page.locator("#look_text").fill(sentence)
    expect(page.locator(".network-text")).to_have_text(sentence, use_inner_text=False)
    page.evaluate("scrollTo(0, 0)")


def steps(page: Page) -> list[Locator]:
    """The steps in the picture, from left to right."""
    return page.locator("#netpicture > g").all()


def entering(page: Page) -> list[str]:
    """What goes in, step by step."""
    return [step.locator(".character").all_text_contents()[0] for step in steps(page)]


def leaving(page: Page) -> list[str]:
    """What is likeliest to come out, step by step."""
    return [step.locator(".character").all_text_contents()[1] for step in steps(page)]


def lit(place: Page | Locator) -> list[str]:
    """The squares that are lit there: those of a level, of a layer, in each."""
    squares = place.locator(":is(.lit, .hollow)[d]:not([d=''])")
    shapes: list[str] = squares.evaluate_all("paths => paths.map((path) => path.getAttribute('d'))")
    return shapes


def squares_a_layer(page: Page) -> list[int]:
    """How many squares each layer has in the first step, from below upwards."""
    drawn = steps(page)[0].locator(".unlit")
    shapes: list[str] = drawn.evaluate_all("paths => paths.map((path) => path.getAttribute('d'))")
    return [shape.count("M") for shape in shapes]


def odds(page: Page) -> list[str]:
    return page.locator("#netpicture_next .likely-share").all_text_contents()


def place(page: Page) -> str:
    return text(page, "netpicture_place")


def spoken_of(page: Page) -> str:
    return page.locator("#netpicture_spoken").text_content() or ""


def test_it_is_lit_by_the_network_and_follows_it_while_it_learns(page: Page) -> None:
    open_picture(page)
    assert entering(page) == ["o", "u", "r", "space"]
    assert all(lit(step) for step in steps(page))
    assert all(leaving(page))
    squares, expected = lit(page), odds(page)
    wait_until(page, lambda: lit(page) != squares and odds(page) != expected)
    assert entering(page) == ["o", "u", "r", "space"]


def test_it_has_as_many_squares_as_the_network_has_units(page: Page) -> None:
    open_picture(page)
    assert squares_a_layer(page) == [5, 20, 20, 32]
    learn(page, "abab\nbaba", hidden_sizes="7, 3", letter_size="2")
    wait_until(page, lambda: squares_a_layer(page) == [2, 7, 3, 3])
    await_lit(page)
    learn(page, "abab\nbaba", hidden_sizes="400")
    expect(page.locator("#netpicture_text")).to_contain_text("a square for every 3 units")
    assert squares_a_layer(page) == [1, 134, 1]
    await_lit(page)


def test_it_is_stepped_through_by_hand(page: Page) -> None:
    open_picture(page)
    pause(page)
    assert place(page) == "4 of 60"
    first = lit(page)
    page.get_by_role("button", name="forward").click()
    wait_until(page, lambda: entering(page) == ["u", "r", "space", "f"])
    assert place(page) == "5 of 60"
    assert page.locator(".network-read").text_content() == "our "
    assert page.locator(".network-now").text_content() == "f"
    assert page.locator(".network-to-come").text_content().startswith("irst customer")  # type: ignore[union-attr]
    at_the_next = lit(page)
    assert at_the_next != first
    page.get_by_role("button", name="back").click()
    wait_until(page, lambda: entering(page) == ["o", "u", "r", "space"])
    assert lit(page) != at_the_next
    page.get_by_role("button", name="forward").click()
    wait_until(page, lambda: entering(page) == ["u", "r", "space", "f"])
    assert lit(page) == at_the_next  # what it does with a text is the same each time
    slide(page, "netpicture_at", 60)
    wait_until(page, lambda: place(page) == "60 of 60" and entering(page)[-1] == ".")
    expect(page.get_by_role("button", name="forward")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="forward").press("Enter")
    assert place(page) == "60 of 60"


def test_what_there_is_not_yet_rests_at_the_beginning_and_nothing_moves(page: Page) -> None:
    open_picture(page)
    pause(page)
    height = page.locator(".network").bounding_box()
    slide(page, "netpicture_at", 0)
    wait_until(page, lambda: entering(page) == ["START", "", "", ""])
    assert leaving(page)[0] != ""
    assert leaving(page)[1:] == ["", "", ""]
    assert [bool(lit(step)) for step in steps(page)] == [True, False, False, False]
    assert squares_a_layer(page) == [5, 20, 20, 32]
    assert page.locator(".network").bounding_box() == height
    page.get_by_role("button", name="forward").click()
    wait_until(page, lambda: entering(page) == ["START", "o", "", ""])


def test_it_plays_through_a_text_and_starts_over(page: Page) -> None:
    open_picture(page)
    read_text(page, "the end")
    wait_until(page, lambda: place(page) == "4 of 7")
    page.wait_for_timeout(700)
    assert place(page) == "4 of 7"  # it does not begin by itself
    page.get_by_role("button", name="play through").click()
    for position in ("6 of 7", "7 of 7", "0 of 7", "1 of 7"):
        wait_until(page, lambda position=position: place(page) == position)  # type: ignore[misc]
    assert "learning" in text(page, "status").lower()
    page.get_by_role("button", name="pause playing").click()
    stopped = place(page)
    page.wait_for_timeout(1000)
    assert place(page) == stopped


def test_it_rests_while_nobody_sees_it(page: Page) -> None:
    asked = asks(sent(page), "network")
    open_picture(page)
    page.get_by_role("button", name="play through").click()
    wait_until(page, lambda: place(page).startswith("6 "))
    assert asked() > 0
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(500)  # what was under way
    before, left = asked(), page.locator("#netpicture_place").text_content()
    done = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > done)
    page.wait_for_timeout(1000)
    assert asked() == before
    assert page.locator("#netpicture_place").text_content() == left
    page.evaluate("scrollTo(0, 0)")
    wait_until(page, lambda: place(page) != left)
    assert asked() > before


def test_it_is_used_by_keyboard(page: Page) -> None:
    open_picture(page)
    pause(page)
    page.get_by_role("button", name="back", exact=True).focus()
    page.keyboard.press("Enter")
    wait_until(page, lambda: place(page) == "3 of 60")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="pause playing")).to_be_focused()
    wait_until(page, lambda: place(page) != "3 of 60")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="forward")).to_be_focused()
    page.keyboard.press("Tab")
    slider = page.get_by_role("slider", name="character", exact=True)
    expect(slider).to_be_focused()
    page.keyboard.press("Home")
    wait_until(page, lambda: entering(page)[0] == "START")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: entering(page) == ["START", "o", "u", ""])
    expect(slider).to_have_attribute("aria-valuetext", "2 of 60, u")


def test_the_five_likeliest_are_a_list_with_their_odds(page: Page) -> None:
    open_picture(page)
    likeliest = page.get_by_role("list", name="likeliest next").get_by_role("listitem")
    expect(likeliest).to_have_count(5)
    names = likeliest.locator(".likely-name").all_text_contents
    wait_until(page, lambda: figure(page, "ppl") < 8)
    pause(page)
    # The answer that was asked before the pause may still come, between two looks at the page.
    wait_until(page, lambda: names()[0] == leaving(page)[-1])
    percents = [0.0 if "<" in each else float(each.rstrip(" %")) for each in odds(page)]
    assert percents == sorted(percents, reverse=True)
    assert 0 < sum(percents) <= 102  # rounded
    slide(page, "netpicture_at", 60)
    wait_until(page, lambda: leaving(page)[-1] == "END")  # after the full stop
    wait_until(page, lambda: names()[0] == "END")


def test_a_table_behind_it_tells_the_same(page: Page) -> None:
    open_picture(page)
    rows = page.locator(".network .behind tbody tr")
    assert rows.count() == 0  # nothing is written where nobody reads
    found = table(page, "introduction")
    assert [row[:2] for row in found] == [
        ["output", "32"],
        ["hidden 2", "20"],
        ["hidden 1", "20"],
        ["letter", "5"],
        ["goes in", "1"],
    ]
    one = r"unit \d+: −?\d+\s%"
    assert re.fullmatch(f"{one}; {one}; {one}", found[1][2])
    assert found[-1][2] == "space, character 4 of 60"
    wait_until(page, lambda: table(page, "introduction")[1] != found[1])
    accessible = page.locator(".network").get_by_role("table")
    expect(accessible.get_by_role("rowheader")).to_have_count(5)


def test_only_steps_by_hand_are_told_to_those_who_listen(page: Page) -> None:
    open_picture(page)
    squares = lit(page)
    wait_until(page, lambda: lit(page) != squares)
    assert spoken_of(page) == ""
    page.get_by_role("button", name="forward").click()
    wait_until(page, lambda: spoken_of(page).startswith("Character 5 of 60, f. Likeliest next: "))
    told = spoken_of(page)
    page.get_by_role("button", name="play through").click()
    wait_until(page, lambda: place(page).startswith("8 "))
    assert spoken_of(page) == told


def test_a_text_that_the_network_cannot_read_leaves_the_picture_at_rest(page: Page) -> None:
    open_picture(page)
    page.locator("#look_text").fill("naïve")
    expect(page.locator("#look_text_error")).to_contain_text("'ï'")
    expect(page.locator("#netpicture_unread")).to_be_visible()
    assert lit(page) == []
    assert squares_a_layer(page) == [5, 20, 20, 32]
    expect(page.locator("#netpicture_at")).to_be_disabled()
    done = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > done)
    read_text(page, "native")
    await_lit(page)
    expect(page.locator("#netpicture_unread")).to_be_hidden()
    expect(page.locator("#look_text_error")).to_be_empty()
    wait_until(page, lambda: entering(page) == ["n", "a", "t", "i"])
    expect(page.locator(".notice")).to_have_count(0)


def test_the_place_stays_inside_a_shorter_text(page: Page) -> None:
    open_picture(page)
    slide(page, "netpicture_at", 50)
    wait_until(page, lambda: place(page) == "50 of 60")
    read_text(page, "so it is")
    wait_until(page, lambda: place(page) == "8 of 8" and entering(page)[-2:] == ["i", "s"])


def test_markup_in_a_text_is_shown_as_it_is(page: Page) -> None:
    open_page(page)
    learn(page, "<b>a</b>\n<b>b</b>")
    expect(page.locator("#prepro_status")).to_contain_text("found 5 distinct characters")
    wait_until(page, lambda: entering(page) == ["<", "b", ">", "a"])
    expect(page.locator(".network-text")).to_have_text("<b>a</b>")
    expect(page.locator(".network-text b")).to_have_count(0)
