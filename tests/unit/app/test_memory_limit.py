"""How many weights the networks in memory may have, each and all together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.sessions.memory_budget import Room


def test_a_network_that_is_too_large_is_refused_at_its_field() -> None:
    with pytest.raises(UserError) as caught:
        Room(100, 1000).take("ann", 101, "hidden_sizes")
    assert (caught.value.code, caught.value.field) == ("network_too_large", "hidden_sizes")


def test_a_network_for_which_there_is_no_room_is_refused_until_there_is() -> None:
    room = Room(100, 150)
    room.take("ann", 100, None)
    with pytest.raises(UserError) as caught:
        room.take("bob", 60, "json")
    assert (caught.value.code, caught.value.field) == ("memory_full", "json")
    room.hold("ann", 0)
    room.take("bob", 60, "json")
    assert room.weights == 60


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


class Kept:
    """A spare network of so many weights."""

    def __init__(self, weights: int, until: float = 3600.0) -> None:
        self.weights, self.until = weights, until
        self.is_here = True

    def let_go(self) -> None:
        self.is_here = False


def test_the_oldest_spare_networks_are_removed_and_no_more_than_have_to_be() -> None:
    told: list[object] = []
    room = Room(100, 1000, told.append)
    spares = {name: Kept(100) for name in "abc"}
    for name, each in spares.items():
        room.take(name, 100, None)
        room.spare(name, each)
    assert room.weights == 600
    for name in "defg":
        room.take(name, 100, None)
    assert [name for name, each in spares.items() if not each.is_here] == []
    room.take("h", 100, None)
    assert told == ["a"]
    assert [name for name, each in spares.items() if not each.is_here] == ["a"]
    assert room.weights == 1000


def test_no_spare_network_is_kept_where_memory_is_short() -> None:
    told: list[object] = []
    room = Room(100, 400, told.append)
    for name in "abc":
        room.take(name, 100, None)
    kept = Kept(100)
    room.spare("a", kept)
    assert not kept.is_here
    assert told == []  # its holder knows from its own turn
    assert room.weights == 300


def test_spare_networks_expire_and_their_holders_are_told() -> None:
    told: list[object] = []
    room = Room(100, 1000, told.append)
    old, new = Kept(100, until=10.0), Kept(100, until=20.0)
    room.spare("a", old)
    room.spare("b", new)
    room.expire(now=10.0)
    assert (old.is_here, new.is_here, told) == (False, True, ["a"])
