"""The curve: axis, zoom, export, and the previous run."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.page import (
    await_figure,
    await_perplexity,
    await_state,
    learn,
    open_page,
    pause,
    slide,
    text,
    wait_until,
)

TEXT = "small steps\nask often\nthen build"
ENOUGH_POINTS = 12


def with_a_curve(page: Page) -> Page:
    """A page in training, with some points on its curve."""
    open_page(page)
    learn(page, TEXT, hidden_sizes="8")
    wait_until(page, lambda: len(history(page)) > ENOUGH_POINTS)
    return page


def history(page: Page) -> list[dict[str, str]]:
    """The points of the curve on the server."""
    table = page.request.get("/api/history.csv").text()
    return list(csv.DictReader(table.splitlines()))


def plot_at(page: Page, share: float) -> tuple[float, float]:
    """The screen position at this share of the plot's width, at half its height."""
    box = page.locator(".curve .u-over").bounding_box()
    assert box is not None
    return box["x"] + share * (box["width"] - 2) + 1, box["y"] + box["height"] / 2


def reading(page: Page, share: float) -> tuple[float, float]:
    """Perplexity and step of the point that is hovered at this share of the plot's width."""
    page.mouse.move(*plot_at(page, 0.5))
    page.mouse.move(*plot_at(page, share))
    found: list[float] = []

    def is_read() -> bool:
        # Read once: a new network may clear it at any moment.
        numbers = re.findall(r"\d[\d,.]*", text(page, "pplgraph_reading"))
        found.extend(float(number.replace(",", "")) for number in numbers)
        return bool(found)

    wait_until(page, is_read)
    return found[0], found[1]


def dot(page: Page) -> float:
    """The vertical screen position of the hovered point."""
    box = page.locator(".curve .u-cursor-pt").first.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


def misses(page: Page, scale: Callable[[float], float]) -> float:
    """The greatest distance, in pixels, of a point from its position on this scale."""
    places = []
    for share in (0.02, 0.1, 0.2, 0.3, 0.4, 0.98):
        value, _ = reading(page, share)
        places.append((scale(value), dot(page)))
    (high, top), *between, (low, bottom) = places
    assert bottom > top + 20  # the perplexity fell, so that the scales differ
    steepness = (top - bottom) / (high - low)
    return max(abs(at - bottom - (value - low) * steepness) for value, at in between)


def shown_range(page: Page) -> list[float]:
    """The first and last step in view; empty if all are."""
    return [float(number.replace(",", "")) for number in re.findall(r"[\d,]+", view(page))]


def view(page: Page) -> str:
    return text(page, "curve_view")


def drag(page: Page, start: float, end: float) -> None:
    """Drag over a part of the plot."""
    page.mouse.move(*plot_at(page, start))
    page.mouse.down()
    page.mouse.move(*plot_at(page, end), steps=5)
    page.mouse.up()


def test_zoom_persists_during_training(
    page: Page,
) -> None:
    with_a_curve(page)
    drag(page, 0.2, 0.8)
    await_state(page, ".curve", "part")
    first, last = shown_range(page)
    assert 0 < first < last
    await_figure(page, "steps", 2 * last)
    assert shown_range(page) == [first, last]
    assert first * 0.9 <= reading(page, 0)[1] <= reading(page, 1)[1] <= last * 1.1
    page.mouse.dblclick(*plot_at(page, 0.5))
    await_state(page, ".curve", "whole")
    assert reading(page, 1)[1] > last * 1.1

    page.locator("#curve_stage").press("+")
    first, last = shown_range(page)
    assert 0 < first < last
    page.keyboard.press("ArrowRight")
    later, latest = shown_range(page)
    assert later > first
    assert abs((latest - later) - (last - first)) <= 2
    page.keyboard.press("0")
    await_state(page, ".curve", "whole")


def test_axis_scale_and_export_of_the_curve(
    page: Page,
) -> None:
    open_page(page)
    await_perplexity(page, 15)
    wait_until(page, lambda: len(history(page)) > ENOUGH_POINTS)
    pause(page)

    def linear(value: float) -> float:
        return value

    assert misses(page, math.log) < 2
    page.locator("#curve_linear").check()
    assert misses(page, linear) < 2
    assert misses(page, math.log) > 2

    with page.expect_download() as download:
        page.locator("#curve_csv").click()
    assert download.value.suggested_filename == "charnn-history.csv"
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {"step", "epoch", "seconds", "perplexity", "held_out_perplexity", "learning_rate"}
    assert columns <= set(rows[0])
    assert float(rows[-1]["learning_rate"]) == 0.01
    with page.expect_download() as download:
        page.locator("#curve_png").click()
    assert download.value.suggested_filename == "charnn-curve.png"
    picture = Path(download.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert width > 1200
    assert height > 600
    assert len(picture) > 10_000  # not an empty image


def test_the_curve_shows_the_previous_run_and_annotations(page: Page) -> None:
    with_a_curve(page)
    earlier = page.get_by_role("list", name="Previous runs").locator("li")
    marks = page.locator("#curve_marks li")
    shows = page.locator("#curve_earlier")
    learn(page, hidden_sizes="6")
    page.locator("#curve_table summary").click()
    expect(earlier.last).to_contain_text("8")
    expect(marks.first).to_contain_text("6")
    slide(page, "lr_slider", -3)
    expect(marks.last).to_contain_text("0.001")
    expect(shows).to_be_checked()
    shows.uncheck()
    expect(earlier).to_have_count(0)
