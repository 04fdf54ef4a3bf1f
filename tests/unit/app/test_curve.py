"""The curve, and the figures of the last moments."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.training.curve import MAX_POINTS, Curve
from app.training.rolling_stats import WINDOW, RollingStats
from model import TrainingStats


def stretch(cost: float = 50.0, predictions: int = 25, seconds: float = 0.03) -> TrainingStats:
    return TrainingStats(1, 0.1, predictions - 1, seconds, cost, predictions)


def drawn(costs: list[float], every: float) -> Curve:
    """A curve of one stretch after another."""
    curve = Curve()
    for number, cost in enumerate(costs, start=1):
        totals = TrainingStats(number, number / 10, 0, number * every, 0.0, 0)
        curve.add(stretch(cost, seconds=every), totals, now=number * every)
    return curve


def test_a_point_is_the_mean_perplexity_of_its_interval() -> None:
    curve = drawn([25.0, 75.0], every=0.051)
    assert [point.step for point in curve.points] == [2]
    assert curve.points[0].perplexity == pytest.approx(math.exp(100 / 50))


def test_a_training_of_a_day_is_still_a_short_curve() -> None:
    curve = drawn([50.0] * 20_000, every=4.32)
    assert MAX_POINTS / 2 <= len(curve.points) <= MAX_POINTS
    assert curve.version > 0
    steps = [point.step for point in curve.points]
    assert steps == sorted(set(steps))
    assert sum(point.predictions for point in curve.points) > 19_000 * 25


def test_points_that_were_there_change_only_with_the_version() -> None:
    curve = Curve()
    before, version = curve.points, curve.version
    for number in range(3000):
        curve.add(stretch(), TrainingStats(number, 0.0, 0, 0.0, 0.0, 0), now=number * 0.2)
        if curve.version == version:
            assert curve.points[: len(before)] == before
        before, version = curve.points, curve.version


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_a_network_that_diverges_makes_no_error(costs: list[float]) -> None:
    for point in drawn(costs, every=0.2).points:
        assert point.perplexity >= 0


def test_recent_figures_look_back_no_further_than_their_window() -> None:
    recent = RollingStats()
    recent.add(stretch(cost=250.0), now=10.0)
    assert recent.rates.perplexity == pytest.approx(math.exp(10))
    for tick in range(1, 30):
        recent.add(stretch(cost=25.0), now=10 + tick * 0.03)
    assert recent.rates.perplexity == pytest.approx(math.e)
    assert recent.rates.ms_per_example == pytest.approx(30)
    assert recent.rates.characters_per_second == pytest.approx(24 / 0.03)


def test_time_spent_waiting_counts_in_the_speed_and_a_pause_does_not() -> None:
    recent = RollingStats()
    recent.add(stretch(seconds=0.03), now=10.0)
    recent.add(stretch(seconds=0.03), now=10.0 + WINDOW / 2)
    assert recent.rates.characters_per_second == pytest.approx(48 / (WINDOW / 2 + 0.03))
    recent.reset()
    recent.add(stretch(seconds=0.03), now=1000.0)
    assert recent.rates.characters_per_second == pytest.approx(24 / 0.03)


def test_a_perplexity_that_is_not_finite_is_none() -> None:
    recent = RollingStats()
    recent.add(stretch(cost=math.inf), now=1.0)
    assert recent.rates.perplexity is None
