"""Sessions are spread evenly, and stay where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engines.cluster import placement as placement_module
from app.engines.cluster.placement import Placement


def placed(placement: Placement, count: int) -> None:
    for number in range(count):
        assert placement.place(str(number)) is not None


def counts(placement: Placement) -> list[int]:
    return [placement.count(node) for node in placement.nodes]


@given(st.integers(1, 8), st.integers(0, 200))
def test_equal_nodes_have_equally_many(nodes: int, sessions: int) -> None:
    placement = Placement()
    for node in range(nodes):
        placement.add(f"node {node}", threads=2)
    placed(placement, sessions)
    assert sum(counts(placement)) == sessions
    assert max(counts(placement)) - min(counts(placement)) <= 1


def test_a_node_with_more_threads_has_more() -> None:
    placement = Placement()
    placement.add("small", threads=2)
    placement.add("large", threads=6)
    placed(placement, 80)
    assert (placement.count("small"), placement.count("large")) == (20, 60)


def test_a_session_stays_and_a_new_node_takes_those_that_come() -> None:
    placement = Placement()
    placement.add("old", threads=1)
    placed(placement, 10)
    placement.add("new", threads=1)
    assert {placement.place(str(number)) for number in range(10)} == {"old"}
    assert {placement.place(f"newcomer {number}") for number in range(10)} == {"new"}


def test_a_node_that_is_gone_leaves_its_sessions_without_a_place() -> None:
    placement = Placement()
    placement.add("gone", threads=1)
    placed(placement, 5)
    assert sorted(placement.remove("gone")) == ["0", "1", "2", "3", "4"]
    assert placement.node_of("0") is None
    assert placement.place("0") is None  # no node takes it
    placement.add("here", threads=1)
    assert placement.place("0") == "here"


def test_a_node_that_is_retired_keeps_what_it_has_until_it_takes_again() -> None:
    placement = Placement()
    placement.add("one", threads=1)
    placement.add("other", threads=1)
    placed(placement, 4)
    placement.stop_placing("one")
    placed(placement, 10)
    assert counts(placement) == [2, 8]
    placement.resume_placing("one")
    assert placement.place("newcomer") == "one"


def test_what_a_node_reports_corrects_what_was_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    placement = Placement()
    placement.add("node", threads=1)
    placement.add("other", threads=1)
    placed(placement, 4)
    reported = [each for each in "0123" if placement.node_of(each) == "node"]
    placement.reconcile("node", [reported[0], "unknown"])
    assert placement.node_of(reported[1]) == "node"  # it may be on its way
    assert placement.node_of("unknown") == "node"
    monkeypatch.setattr(placement_module, "ARRIVAL_SECONDS", -1.0)
    placement.reconcile("node", [reported[0], "unknown"])
    assert placement.node_of(reported[1]) is None
    elsewhere = next(each for each in "0123" if placement.node_of(each) == "other")
    placement.reconcile("node", [reported[0], "unknown", elsewhere])
    assert placement.node_of(elsewhere) == "other"  # one that was only cut off tells what was
