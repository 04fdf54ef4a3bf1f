"""A page has the gradients of its network checked, in another process, while it learns or rests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.site import Tab, Visitor

RIGHT = 1e-4
LEARN = {"text": "abba\ncaba", "options": {"hidden_sizes": "3", "letter_size": "2"}}


@pytest.fixture
def tab(visitor: Visitor) -> Tab:
    """A page with a small network that has begun to learn."""
    tab = visitor.open_tab()
    assert tab.ask("learn", LEARN)["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    tab.wait_for_steps(100)
    return tab


def assert_all_is_right(answer: dict[str, Any]) -> None:
    assert answer["ok"], answer
    for each in answer["matrices"]:
        assert 0 <= each["graph"] < RIGHT, each
        assert 0 <= each["kernels"] < RIGHT, each


def test_a_page_gets_the_errors_of_every_matrix_while_its_network_learns_on(tab: Tab) -> None:
    before = tab.newest("steps")
    answer = tab.ask("gradient_check")
    assert_all_is_right(answer)
    gates = {"Wix0", "Wih0", "bi0", "Wfx0", "Woh0", "bc0"}
    assert {"Wil", "Whd", "bd", *gates} <= {each["name"] for each in answer["matrices"]}
    assert sum(each["numbers"] for each in answer["matrices"]) == tab.state["weights"]
    assert answer["steps"] >= before
    assert answer["sentence"] in LEARN["text"]
    assert answer["took"] >= 0
    tab.wait_for_steps(answer["steps"])
    assert (tab.newest("status"), tab.state["version"]) == ("learning", 2)


def test_a_paused_network_stays_as_it_is(tab: Tab) -> None:
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    saved = tab.ask("save")
    answer = tab.ask("gradient_check")
    assert_all_is_right(answer)
    assert answer["steps"] == tab.newest("steps")
    assert tab.ask("save") == saved
