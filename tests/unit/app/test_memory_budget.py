"""How much memory networks may take, each and all together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.sessions.memory_budget import MemoryBudget
from model.training.footprint import Footprint


def taking(size: int) -> Footprint:
    """A network of so many bytes, and half as many weights."""
    return Footprint(size // 2, size)


def test_a_network_that_is_too_large_is_refused_at_its_field() -> None:
    with pytest.raises(UserError) as caught:
        MemoryBudget(100, 1000).check_size(101, "hidden_sizes")
    assert (caught.value.code, caught.value.field) == ("network_too_large", "hidden_sizes")


def test_a_network_for_which_there_is_no_room_is_refused_until_there_is() -> None:
    budget = MemoryBudget(100, 150)
    budget.reserve("ann", taking(100), None)
    with pytest.raises(UserError) as caught:
        budget.reserve("bob", taking(60), "json")
    assert (caught.value.code, caught.value.field) == ("memory_full", "json")
    budget.commit("ann", None)
    budget.reserve("bob", taking(60), "json")
    assert budget.bytes == 60


def test_an_existing_network_over_the_total_is_admitted_while_it_is_alone() -> None:
    budget = MemoryBudget(100, 150)
    budget.reserve("ann", taking(200), None, exists=True)
    assert budget.bytes == 200
    for exists in (True, False):
        with pytest.raises(UserError) as caught:
            budget.reserve("bob", taking(10), None, exists=exists)
        assert caught.value.code == "memory_full"


def test_a_new_network_takes_the_place_of_the_old_one() -> None:
    budget = MemoryBudget(100, 150)
    for weights in (100, 80, 100):
        budget.reserve("ann", taking(weights), None)
        assert budget.bytes == weights


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60))))
def test_all_together_never_take_more_than_there_is(wishes: list[tuple[str, int]]) -> None:
    budget, held = MemoryBudget(50, 100), dict[str, int]()
    for owner, weights in wishes:
        try:
            budget.reserve(owner, taking(weights), None)
            held[owner] = weights
        except UserError:
            assert sum({**held, owner: weights}.values()) > 100
    assert budget.bytes == sum(held.values()) <= 100


class Kept:
    """A spare network of so many weights."""

    def __init__(self, weights: int, until: float = 3600.0) -> None:
        self.footprint, self.until = taking(weights), until
        self.is_here = True

    def release(self) -> None:
        self.is_here = False


def test_the_oldest_spare_networks_are_removed_and_no_more_than_have_to_be() -> None:
    evicted: list[object] = []
    budget = MemoryBudget(100, 1000, evicted.append)
    retained = {name: Kept(100) for name in "abc"}
    for name, each in retained.items():
        budget.reserve(name, taking(100), None)
        budget.retain(name, each)
    assert budget.bytes == 600
    for name in "defg":
        budget.reserve(name, taking(100), None)
    assert [name for name, each in retained.items() if not each.is_here] == []
    budget.reserve("h", taking(100), None)
    assert evicted == ["a"]
    assert [name for name, each in retained.items() if not each.is_here] == ["a"]
    assert budget.bytes == 1000


def test_no_spare_network_is_kept_where_memory_is_short() -> None:
    evicted: list[object] = []
    budget = MemoryBudget(100, 400, evicted.append)
    for name in "abc":
        budget.reserve(name, taking(100), None)
    kept = Kept(100)
    budget.retain("a", kept)
    assert not kept.is_here
    assert evicted == []  # its holder knows from its own turn
    assert budget.bytes == 300


def test_spare_networks_expire_and_their_holders_are_told() -> None:
    evicted: list[object] = []
    budget = MemoryBudget(100, 1000, evicted.append)
    old, new = Kept(100, until=10.0), Kept(100, until=20.0)
    budget.retain("a", old)
    budget.retain("b", new)
    budget.expire(now=10.0)
    assert (old.is_here, new.is_here, evicted) == (False, True, ["a"])
