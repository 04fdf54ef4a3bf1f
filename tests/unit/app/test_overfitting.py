"""The detection of overfitting."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from app.training.curve import CurvePoint
from app.training.monitors import OverfittingDetector


def point(step: int, train: float, held_out: float | None) -> CurvePoint:
    return CurvePoint(step, 0.0, 0.0, 100 * math.log(train), 100, held_out)


def follow(pairs: list[tuple[float, float | None]]) -> OverfittingDetector:
    return OverfittingDetector(point(step, *pair) for step, pair in enumerate(pairs))


FALLING = [(30 * 0.95**k + 2, 30 * 0.95**k + 4) for k in range(60)]
PARTING = [(FALLING[-1][0] * 0.97**k, FALLING[-1][1] * 1.03**k) for k in range(40)]


def test_a_network_that_still_learns_the_language_does_not_overfit() -> None:
    assert follow(FALLING).since is None


def test_overfitting_begins_where_validation_was_best() -> None:
    since = follow([*FALLING, *PARTING]).since
    assert since is not None
    assert len(FALLING) - 5 <= since <= len(FALLING) + 5


def test_better_again_is_not_overfitting_any_more() -> None:
    back = [(2.0, 3.0)] * 40
    assert follow([*FALLING, *PARTING, *back]).since is None


def test_getting_worse_at_everything_is_trouble_of_another_kind() -> None:
    worse = [
        (train * 1.05**k, validation * 1.05**k) for k, (train, validation) in enumerate(FALLING)
    ]
    assert follow([*FALLING, *reversed(worse)]).since is None


@given(st.lists(st.tuples(st.floats(1, 1e6), st.none() | st.floats(1, 1e6))))
def test_one_by_one_or_all_at_once_is_the_same(pairs: list[tuple[float, float | None]]) -> None:
    one_by_one = OverfittingDetector()
    for step, pair in enumerate(pairs):
        one_by_one.add(point(step, *pair))
    assert one_by_one.since == follow(pairs).since


@given(st.lists(st.floats(1, 1e6)))
def test_no_overfitting_without_validation(train: list[float]) -> None:
    assert follow([(each, None) for each in train]).since is None
