"""Room for networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.room import Room


def test_a_network_that_is_too_large_is_refused_with_the_limit() -> None:
    with pytest.raises(UserError, match="up to 100") as refused:
        Room(100, 1000).take("ann", 101, "hidden_sizes")
    assert refused.value.field == "hidden_sizes"


def test_a_new_network_takes_the_place_of_the_old_one() -> None:
    room = Room(100, 150)
    for weights in (100, 80, 100):
        room.take("ann", weights, None)
        assert room.weights == weights


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60))))
def test_all_together_never_take_more_than_there_is(wishes: list[tuple[str, int]]) -> None:
    room, held = Room(50, 100), dict[str, int]()
    for holder, weights in wishes:
        try:
            room.take(holder, weights, None)
            held[holder] = weights
        except UserError:
            assert weights > 50 or sum({**held, holder: weights}.values()) > 100
    assert room.weights == sum(held.values()) <= 100
