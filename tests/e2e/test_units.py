"""What single units do while the network reads a text, and which of them follow a feature."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.looking import asks, close_panel, open_panel, sent
from tests.e2e.the_page import assert_learns_on, learn, open_page, pause, wait_until

TEXT = "so the cat sat"
SENTENCES = "the cat sat on the mat\nso we went (home) again\nthe end of it all"


def open_units(page: Page, reading: str = TEXT) -> None:
    """Open the panel, and wait until the units have read the text."""
    open_page(page)
    page.locator("#look_text").fill(reading)
    open_panel(page, "units")
    await_reading(page, reading)


def await_reading(page: Page, reading: str = TEXT) -> None:
    expect(page.locator("#units_text")).to_have_text(reading)


def await_unit(page: Page, unit: int, layer: int, state: str = "h") -> None:
    """Wait until the answer on the page is about this unit."""
    expect(page.locator("#units_text")).to_have_attribute(
        "aria-label", re.compile(f"activation of unit {unit} of layer {layer}, {state}:")
    )


def learn_in_sight(page: Page, **options: str) -> None:
    """Have another network learn, and look at its units again."""
    learn(page, SENTENCES, **options)
    see_finding(page)


def see_finding(page: Page) -> None:
    page.locator("#units_finding").scroll_into_view_if_needed()


def colours(page: Page) -> list[str]:
    """Of the text, a colour a character."""
    found: list[str] = page.locator("#units_text span").evaluate_all(
        "marks => marks.map((mark) => getComputedStyle(mark).backgroundColor)"
    )
    return found


def grid(page: Page) -> list[list[int]]:
    """Of the grid, its size and the bytes of its pixels."""
    found: list[list[int]] = page.locator("#units_grid canvas").evaluate(
        "canvas => [[canvas.width, canvas.height], [...canvas.getContext('2d')"
        ".getImageData(0, 0, canvas.width, canvas.height).data]]"
    )
    return found


def open_table(page: Page, name: str) -> list[list[str]]:
    """The rows of the table behind the text or the grid."""
    page.locator(f"#units_{name} .behind > summary").click()
    expect(page.locator(f"#units_{name} .behind tbody tr").first).to_be_visible()
    return rows_of(page, name)


def rows_of(page: Page, name: str) -> list[list[str]]:
    """What the table says now, all of it at one moment."""
    rows: list[list[str]] = page.locator(f"#units_{name} .behind tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return rows


def number(shown: str) -> float:
    return float(shown.replace("−", "-"))


def ranking(page: Page) -> list[tuple[str, float]]:
    """The units that were found, each with its correlation."""
    rows: list[list[str]] = page.locator(".found > li:not([hidden])").evaluate_all(
        "items => items.map((item) =>"
        " ['.found-name', '.found-number'].map((part) => item.querySelector(part).textContent))"
    )
    return [(name, number(correlation)) for name, correlation in rows]


def another_ranking(page: Page, feature: str) -> list[tuple[str, float]]:
    """Choose another feature, and wait for its units."""
    before = ranking(page)
    page.locator("#units_feature").select_option(feature)
    wait_until(page, lambda: ranking(page) != before)
    return ranking(page)


def test_it_follows_the_network_while_that_learns_and_rests_when_that_does(page: Page) -> None:
    open_units(page)
    first, cells = colours(page), grid(page)
    assert len(first) == len(TEXT)
    assert cells[0] == [len(TEXT), 20]
    wait_until(page, lambda: colours(page) != first and grid(page) != cells)
    pause(page)
    page.wait_for_timeout(1500)  # the last look at what has been learnt
    last = grid(page)
    page.wait_for_timeout(1500)
    assert grid(page) == last


def test_another_unit_layer_or_state_has_other_colours(page: Page) -> None:
    open_units(page)
    pause(page)
    await_unit(page, 1, 1)
    seen = [colours(page)]
    page.get_by_label("Unit", exact=True).fill("2")
    await_unit(page, 2, 1)
    seen.append(colours(page))
    page.locator("#panel_units").get_by_label("Hidden layer").select_option("2")
    await_unit(page, 2, 2)
    seen.append(colours(page))
    page.get_by_label("State", exact=True).select_option("c")
    await_unit(page, 2, 2, "c")
    seen.append(colours(page))
    assert len({tuple(each) for each in seen}) == len(seen)
    assert number(page.locator(".activation-above").inner_text()) != 1  # its own scale


def test_the_tables_say_what_the_colours_show(page: Page) -> None:
    open_units(page)
    pause(page)
    expect(page.locator("#units_one .behind tbody tr")).to_have_count(0)  # closed, not filled
    rows = open_table(page, "one")
    assert [row[1].replace("space", " ") for row in rows] == list(TEXT)
    units = open_table(page, "all")
    assert [row[0] for row in units] == [str(unit) for unit in range(1, 21)]

    def they_agree() -> bool:
        values = [number(row[2]) for row in rows_of(page, "one")]
        assert all(-1 <= value <= 1 for value in values)
        assert len(set(values)) > 1
        told = [number(each) for each in rows_of(page, "all")[0][1:]]
        coarser = 0.011  # bytes
        return told == pytest.approx(
            [sum(values) / len(values), min(values), max(values)], abs=coarser
        )

    wait_until(page, they_agree)  # one of them may be of before the pause, for a moment


def test_a_unit_that_is_not_there_is_told_at_its_field_and_training_goes_on(page: Page) -> None:
    open_units(page)
    unit, fault = page.locator("#units_unit"), page.locator("#units_unit_error")
    for value, named in (
        ("0", "too small"),
        ("abc", "is not a number"),
        ("", "nothing was entered"),
        ("1000", "There are 20 units in this layer"),
        ("1.5", "is not a whole number"),
    ):
        unit.fill("3")
        await_unit(page, 3, 1)
        unit.fill(value)
        expect(fault).to_contain_text(named)
        expect(unit).to_have_attribute("aria-invalid", "true")
        assert_learns_on(page)
        await_unit(page, 3, 1)
        unit.fill("4")
        expect(fault).to_be_empty()
        await_unit(page, 4, 1)
        expect(page.locator(".notice")).to_have_count(0)


def test_a_text_that_it_does_not_know_is_told_at_the_text(page: Page) -> None:
    open_units(page)
    page.locator("#look_text").fill("日本")
    expect(page.locator("#look_text_error")).to_contain_text("does not know the characters")
    await_reading(page)
    expect(page.locator("#units_one")).to_have_class("outdated-look")
    page.locator("#look_text").fill("the mat")
    expect(page.locator("#look_text_error")).to_be_empty()
    await_reading(page, "the mat")
    expect(page.locator("#units_one")).not_to_have_class("outdated-look")


def test_units_that_follow_a_feature_are_found_and_chosen(page: Page) -> None:
    open_units(page)
    learn(page, SENTENCES)
    pause(page)
    see_finding(page)
    wait_until(page, lambda: len(ranking(page)) == 8)
    for feature in ("sentence_position", "brackets"):
        found = another_ranking(page, feature)
        sizes = [abs(correlation) for _, correlation in found]
        assert sizes == sorted(sizes, reverse=True)
        assert len(found) == 8
        assert all(0 < size <= 1 for size in sizes)
    layer, unit = (int(each) for each in re.findall(r"\d+", found[2][0]))
    button = page.locator(".found-unit").nth(2)
    button.click()
    await_unit(page, unit, layer)
    expect(page.locator("#units_layer")).to_have_value(str(layer))
    expect(page.locator("#units_unit")).to_have_value(str(unit))
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".found-unit[aria-pressed=true]")).to_have_count(1)


def test_a_feature_that_the_text_does_not_have_is_said_in_words(page: Page) -> None:
    open_units(page)
    learn_in_sight(page)
    page.locator("#units_feature").select_option("digit")
    expect(page.locator("#units_finding_outcome")).to_contain_text("there are no digits")
    assert ranking(page) == []
    page.locator("#units_feature").select_option("brackets")
    expect(page.locator("#units_finding_outcome")).to_contain_text("Pearson")
    assert len(ranking(page)) == 8


def test_whoever_is_at_a_place_of_the_ranking_stays_there_while_units_move(page: Page) -> None:
    open_units(page)
    see_finding(page)
    wait_until(page, lambda: len(ranking(page)) == 8)
    place = page.locator(".found-unit").nth(4)
    place.focus()
    found = ranking(page)
    wait_until(page, lambda: ranking(page) != found)
    expect(place).to_be_focused()


def test_what_another_network_does_not_have_goes_back_to_the_first(page: Page) -> None:
    open_units(page)
    page.locator("#units_layer").select_option("2")
    page.locator("#units_state").select_option("c")
    page.locator("#units_unit").fill("15")
    await_unit(page, 15, 2, "c")
    page.locator("#opt_kind").select_option("gru")
    learn_in_sight(page, hidden_sizes="10")
    await_unit(page, 1, 1)
    expect(page.locator("#units_layer option")).to_have_count(1)
    expect(page.locator("#units_state")).to_have_value("h")
    expect(page.locator("#units_state option[value=c]")).to_be_disabled()
    expect(page.locator("#units_unit")).to_have_value("1")
    wait_until(page, lambda: grid(page)[0] == [len(TEXT), 10])
    expect(page.locator("#panel_units .fault:not(:empty)")).to_have_count(0)


def test_what_is_below_keeps_its_place_when_another_network_comes_into_sight(page: Page) -> None:
    """Else who goes down to a button finds it moved under the pointer."""
    open_units(page)
    learn(page, SENTENCES, hidden_sizes="3")
    expect(page.locator("#units_text")).to_be_empty()  # what the other network did is gone
    place = "document.querySelector('#panel_saving').offsetTop"
    before = page.evaluate(place)
    see_finding(page)
    await_reading(page)
    assert page.evaluate(place) == before


def test_a_row_of_the_grid_chooses_its_unit(page: Page) -> None:
    open_units(page)
    canvas = page.locator("#units_grid canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    row = box["height"] / 20
    canvas.click(position={"x": 5, "y": 6.5 * row})
    await_unit(page, 7, 1)
    expect(page.locator("#units_unit")).to_have_value("7")
    chosen = page.locator(".unit-chosen").bounding_box()
    assert chosen
    assert chosen["y"] - box["y"] == pytest.approx(6 * row, abs=0.5)
    canvas.hover(position={"x": 5, "y": 2.5 * row})
    expect(page.locator("#units_grid_reading")).to_have_text(re.compile("unit 3 after “s”: .*"))
    expect(page.locator("#units_text .pointed")).to_have_text("s")


def test_a_large_layer_is_shown_in_pages(page: Page) -> None:
    open_units(page)
    expect(page.locator("#units_after")).to_be_hidden()
    learn_in_sight(page, hidden_sizes="100")
    ends = page.locator(".unit-ends")
    expect(ends).to_have_text("150")
    later, earlier = page.locator("#units_after"), page.locator("#units_before")
    expect(earlier).to_have_attribute("aria-disabled", "true")
    later.click()
    expect(ends).to_have_text("51100")
    expect(later).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".unit-chosen")).to_be_hidden()  # unit 1 is on the other page
    later.press("Enter")
    expect(ends).to_have_text("51100")
    earlier.click()
    expect(ends).to_have_text("150")
    expect(page.locator(".unit-chosen")).to_be_visible()
    page.locator("#units_unit").fill("93")
    expect(ends).to_have_text("51100")  # the page of the unit


def test_it_is_used_by_keyboard_and_described_to_those_who_listen(page: Page) -> None:
    open_page(page)
    pause(page)
    page.locator("#look_text").fill(TEXT)
    close_panel(page, "units")
    page.locator("#panel_units > summary").focus()
    page.keyboard.press("Enter")
    await_reading(page)
    for name in ("Hidden layer", "State"):
        page.keyboard.press("Tab")
        expect(page.locator("#panel_units").get_by_label(name, exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Unit", exact=True)).to_be_focused()
    for key, unit in (("ArrowUp", 2), ("ArrowUp", 3), ("ArrowDown", 2)):
        page.keyboard.press(key)
        await_unit(page, unit, 1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    await_unit(page, 3, 1)
    label = page.locator("#units_text").get_attribute("aria-label") or ""
    assert re.search(rf"“{TEXT}”.*: least −?\d\.\d\d after .+, most −?\d\.\d\d after .+", label)
    expect(page.locator("#units_grid canvas")).to_have_attribute(
        "aria-label", re.compile("units 1 to 20 of 20 in layer 1.*14 characters")
    )
    found = page.locator(".found-unit").first
    expect(found).to_have_accessible_name(
        re.compile(r"layer \d, unit \d+ ?, correlation −?\d\.\d\d")
    )


def test_nothing_is_asked_while_it_is_closed_or_out_of_sight(page: Page) -> None:
    frames = sent(page)
    units, found = asks(frames, "units"), asks(frames, "find_units")

    def rests() -> None:
        page.wait_for_timeout(500)  # the question that was under way
        asked = units(), found()
        page.wait_for_timeout(2000)
        assert (units(), found()) == asked

    open_page(page)
    page.wait_for_timeout(1000)
    assert (units(), found()) == (0, 0)
    close_panel(page, "units")
    rests()
    open_panel(page, "units")
    see_finding(page)
    wait_until(page, lambda: units() > 1 and found() > 1)
    page.evaluate("scrollTo(0, 0)")
    rests()
    see_finding(page)
    asked = units()
    wait_until(page, lambda: units() > asked)
    close_panel(page, "units")
    rests()


def test_its_colours_are_those_of_the_scheme_at_once(page: Page) -> None:
    open_units(page)
    pause(page)
    page.wait_for_timeout(1500)  # the last look at what has been learnt
    light, cells = colours(page), grid(page)
    page.emulate_media(color_scheme="dark")
    wait_until(page, lambda: colours(page) != light and grid(page) != cells)
    page.emulate_media(color_scheme="light")
    wait_until(page, lambda: colours(page) == light and grid(page) == cells)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_is_read_on_all_of_the_colours(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_page(page)

    def colour(token: str) -> str:
        found: str = page.evaluate(
            "token => getComputedStyle(document.body).getPropertyValue(token).trim()", token
        )
        return found

    ink = luminance(colour("--ink"))
    ends = [luminance(colour(token)) for token in ("--below", "--zero", "--above")]
    assert all(contrast(ink, end) >= 4.5 for end in ends)
    assert contrast(ends[0], ends[2]) < 1.1  # equally light: only the hue tells them apart


def luminance(colour: str) -> float:
    """The relative luminance of rgb(r, g, b), by the WCAG."""
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)]
    assert len(shares) == 3
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_a_narrow_page_does_not_scroll_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_units(page, "the cat sat on the mat and the cat sat on the mat and so on and on and on")
    see_finding(page)
    wait_until(page, lambda: len(ranking(page)) == 8)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
