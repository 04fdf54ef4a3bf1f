"""The gradient_check event, during training and while paused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app_server import Client, Tab

RIGHT = 1e-4
LEARN = {"text": "abba\ncaba", "options": {"hidden_sizes": "3", "letter_size": "2"}}


@pytest.fixture
def tab(client: Client) -> Tab:
    """A page with a small network in training."""
    tab = client.open_tab()
    assert tab.ask("learn", LEARN)["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    tab.wait_for_steps(100)
    return tab


def assert_all_is_right(answer: dict[str, Any]) -> None:
    assert answer["ok"], answer
    for each in answer["matrices"]:
        assert 0 <= each["graph"] < RIGHT, each
        assert 0 <= each["kernels"] < RIGHT, each


def test_gradient_check_reports_every_matrix_while_training_continues(tab: Tab) -> None:
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


def test_gradient_check_does_not_change_a_paused_network(tab: Tab) -> None:
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    saved = tab.ask("save")
    answer = tab.ask("gradient_check")
    assert_all_is_right(answer)
    assert answer["steps"] == tab.newest("steps")
    assert tab.ask("save") == saved
