"""The curve under a person's hands: its axis, its parts, what was changed, and the runs before."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.the_page import figure, learn, open_page, pause, slide, text, wait_until

WHOLE = "Shown is the whole curve."
MANY = "\n".join(f"the {number} small sheep of {number * 7919 % 1000}" for number in range(120))
FEW = "small steps\nask often\nthen build"
ENOUGH_STEPS = 3000
ENOUGH_POINTS = 25

NO_STORAGE = """
Object.defineProperty(window, "localStorage", { get() { throw new Error("not for this page"); } });
"""


def with_a_curve(page: Page) -> Page:
    """A page whose curve has some points, and goes on."""
    open_page(page)
    wait_until(page, lambda: len(history(page)) > ENOUGH_POINTS, seconds=60)
    return page


def history(page: Page) -> list[dict[str, str]]:
    """The points that the server has."""
    table = page.request.get("/api/history.csv").text()
    return list(csv.DictReader(table.splitlines()))


def plot_at(page: Page, share: float) -> tuple[float, float]:
    """Where on the screen this share of the plot's width is, in the middle of its height."""
    box = page.locator(".curve .u-over").bounding_box()
    assert box is not None
    return box["x"] + share * (box["width"] - 2) + 1, box["y"] + box["height"] / 2


def reading(page: Page, share: float) -> tuple[float, float]:
    """Perplexity and step of the point under a pointer at this share of the plot's width."""
    page.locator(".curve .u-over").scroll_into_view_if_needed()
    page.mouse.move(*plot_at(page, 0.5))
    page.mouse.move(*plot_at(page, share))
    found: list[re.Match[str]] = []

    def is_read() -> bool:
        # Looked at once and not again: a new network empties it at any moment.
        words = text(page, "pplgraph_reading")
        found.extend(re.finditer(r"perplexity ([\d.]+).* after ([\d,]+) steps", words))
        return bool(found)

    wait_until(page, is_read)
    return float(found[0][1]), float(found[0][2].replace(",", ""))


def dot(page: Page) -> float:
    """How low the point under the pointer is on the screen."""
    box = page.locator(".curve .u-cursor-pt").first.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


def shown_range(page: Page) -> tuple[float, float]:
    """The first and the last step in view, as the page says."""
    numbers = re.findall(r"[\d,]+", page.locator("#curve_view").inner_text())
    first, last = (float(number.replace(",", "")) for number in numbers)
    return first, last


def drag(page: Page, start: float, end: float) -> None:
    """Draw over a part of the plot."""
    page.locator(".curve .u-over").scroll_into_view_if_needed()
    page.mouse.move(*plot_at(page, start))
    page.mouse.down()
    page.mouse.move(*plot_at(page, end), steps=5)
    page.mouse.up()


def marks(page: Page) -> Locator:
    return page.locator("#curve_marks li")


def choose(page: Page, axis: str) -> None:
    page.get_by_role("radio", name=axis).check()


def misses(page: Page, scale: Callable[[float], float]) -> float:
    """By how many pixels a point is not where this scale of the axis would have it."""
    places = []
    for share in (0.02, 0.15, 0.98):
        value, _ = reading(page, share)
        places.append((scale(value), dot(page)))
    (high, top), (between, at), (low, bottom) = places
    assert bottom > top + 20  # it has learnt, or every scale would do
    return abs(at - (bottom + (between - low) * (top - bottom) / (high - low)))


def test_the_axis_is_logarithmic_or_linear_and_the_browser_remembers_which(page: Page) -> None:
    with_a_curve(page)
    pause(page)

    def linear(value: float) -> float:
        return value

    assert misses(page, math.log) < 2
    assert misses(page, linear) > 3
    choose(page, "linear")
    assert misses(page, linear) < 2
    assert misses(page, math.log) > 3
    page.reload()
    expect(page.get_by_role("radio", name="linear")).to_be_checked()
    wait_until(page, lambda: figure(page, "steps") > 0)
    assert misses(page, linear) < 2


def test_a_browser_that_keeps_nothing_has_the_curve_all_the_same(page: Page) -> None:
    page.add_init_script(NO_STORAGE)
    with_a_curve(page)
    choose(page, "linear")
    expect(page.get_by_role("radio", name="linear")).to_be_checked()
    assert reading(page, 0.5)[1] > 0


def test_a_part_that_is_drawn_over_stays_in_view_until_a_double_click(page: Page) -> None:
    with_a_curve(page)
    drag(page, 0.2, 0.6)
    expect(page.locator("#curve_view")).to_contain_text("Shown are the steps from")
    first, last = shown_range(page)
    assert 0 < first < last < figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > 3 * last, seconds=60)
    assert first * 0.9 <= reading(page, 0)[1] <= reading(page, 1)[1] <= last * 1.1
    page.mouse.dblclick(*plot_at(page, 0.5))
    expect(page.locator("#curve_view")).to_have_text(WHOLE)
    assert reading(page, 1)[1] > 2 * last


def test_the_keyboard_zooms_and_goes_on_and_brings_the_whole_back(page: Page) -> None:
    with_a_curve(page)
    pause(page)
    steps = figure(page, "steps")
    page.locator("#curve_stage").focus()
    page.keyboard.press("+")
    first, last = shown_range(page)
    assert 0 < first < last < steps
    page.keyboard.press("ArrowRight")
    later, latest = shown_range(page)
    assert later > first
    assert abs((latest - later) - (last - first)) <= 2
    page.keyboard.press("+")
    nearer, nearest = shown_range(page)
    assert nearest - nearer < 0.6 * (last - first)
    page.keyboard.press("-")
    assert shown_range(page) == (later, latest)
    page.keyboard.press("0")
    expect(page.locator("#curve_view")).to_have_text(WHOLE)
    assert reading(page, 0)[1] < first


def test_buttons_zoom_as_well_and_stop_where_there_is_nothing_more(page: Page) -> None:
    with_a_curve(page)
    pause(page)
    for _ in range(30):
        page.get_by_role("button", name="zoom in").click()
    first, last = shown_range(page)
    assert 1 < last - first < figure(page, "steps") / 3
    page.get_by_role("button", name="whole curve").click()
    expect(page.locator("#curve_view")).to_have_text(WHOLE)


def test_a_rate_that_is_set_is_marked_and_one_of_a_schedule_is_not(page: Page) -> None:
    open_page(page)
    page.locator("#opt_schedule").select_option("cosine")
    page.locator("#opt_schedule_epochs").fill("2000")
    learn(page, MANY)
    begun = r"A new network, another text"
    expect(marks(page)).to_have_text([begun])
    wait_until(page, lambda: 0 < float(text(page, "lr_text")) < 0.0095, seconds=60)
    wait_until(page, lambda: reading(page, 1)[1] > ENOUGH_STEPS, seconds=60)
    expect(marks(page)).to_have_text([begun])
    slide(page, "lr_slider", -3)
    expect(marks(page)).to_have_count(2)
    expect(marks(page).last).to_have_text(re.compile(r"Learning rate from 0\.01 to 0\.001 at step"))
    marks(page).last.focus()
    expect(marks(page).last.locator("span")).to_have_css("opacity", "1")


def test_the_run_before_stays_in_grey_and_can_be_hidden(page: Page) -> None:
    with_a_curve(page)
    expect(page.locator("#curve_earlier")).to_be_hidden()
    page.locator("#opt_kind").select_option("gru")
    learn(page, FEW)
    expect(page.get_by_role("checkbox", name="1 earlier run")).to_be_checked()
    expect(page.locator("#pplgraph")).to_have_attribute(
        "aria-label", re.compile("1 earlier run in grey"), timeout=15_000
    )
    expect(marks(page).first).to_contain_text("another text, gru of 20, 20 units")
    page.locator("#curve_table summary").click()
    earlier = page.get_by_role("list", name="Earlier runs").locator("li")
    expect(earlier).to_have_text([re.compile(r"lstm of 20, 20 units: perplexity \d.* steps")])
    wait_until(page, lambda: figure(page, "steps") > 10)
    pause(page)
    page.locator("#curve_earlier").uncheck()
    expect(earlier).to_have_count(0)
    page.reload()
    page.locator("#learn").click()
    expect(page.locator("#curve_earlier")).not_to_be_checked()


def test_the_page_keeps_the_last_five_runs(page: Page) -> None:
    with_a_curve(page)
    for size in range(1, 7):
        learn(page, hidden_sizes=str(size))
        expect(marks(page).first).to_contain_text(f"lstm of {size} units")
        wait_until(page, lambda: reading(page, 1)[1] > reading(page, 0)[1])
    page.locator("#curve_table summary").click()
    earlier = page.get_by_role("list", name="Earlier runs").locator("li")
    expect(earlier).to_have_text([re.compile(f"lstm of {size} units") for size in range(1, 6)])
    expect(page.get_by_role("checkbox", name="5 earlier runs")).to_be_visible()


def test_a_run_that_comes_back_is_not_drawn_behind_itself(page: Page) -> None:
    page.goto("/")
    counts = page.evaluate(
        """async () => {
          const { NO_RUNS, runsAfter } = await import("/static/js/runs.js");
          const net = (version) => ({ version, session: "s", text: "t", steps: 20,
            options: { kind: "lstm", hidden_sizes: [2] } });
          const some = { steps: [10, 20], perplexities: [9, 8] };
          const none = { steps: [], perplexities: [] };
          const first = { net: net(1), points: some };
          const restarted = { net: net(2), points: none };
          const away = runsAfter(NO_RUNS, first, restarted);
          const back = runsAfter(away, restarted, { net: net(3), points: some });
          return [away, back].map(({ earlier }) => earlier.length);
        }"""
    )
    assert counts == [1, 0]


def test_the_table_has_some_points_of_what_is_in_view_while_it_is_open(page: Page) -> None:
    with_a_curve(page)
    pause(page)
    rows = page.locator("#curve_table tbody tr")
    expect(rows).to_have_count(0)
    page.locator("#curve_table summary").click()
    wait_until(page, lambda: 5 <= rows.count() <= 20)
    page.get_by_role("button", name="zoom in").click()
    first, last = shown_range(page)
    steps = [
        float(step.replace(",", "")) for step in rows.locator("td:first-child").all_inner_texts()
    ]
    assert steps
    assert first <= min(steps) <= max(steps) <= last
    page.locator("#curve_table summary").click()
    expect(rows).to_have_count(0)


def test_the_curve_is_saved_as_a_table_and_as_a_picture(page: Page) -> None:
    with_a_curve(page)
    pause(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="save as CSV").click()
    assert download.value.suggested_filename == "charnn-history.csv"
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {
        "step",
        "epoch",
        "seconds",
        "perplexity",
        "held_out_perplexity",
        "learning_rate",
    } <= set(rows[0])
    assert float(rows[-1]["learning_rate"]) == 0.01
    assert float(rows[-1]["held_out_perplexity"]) > 1
    with page.expect_download() as download:
        page.get_by_role("button", name="save as PNG").click()
    assert download.value.suggested_filename == "charnn-curve.png"
    picture = Path(download.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert width > 1200
    assert height > 600
    assert len(picture) > 10_000  # and something is drawn on it
