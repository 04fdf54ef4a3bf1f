"""Inspection events, during training and while paused."""

from __future__ import annotations

from typing import Any

from tests.support.app_server import Client, Tab

LEARN = {"text": "the start\nthe rest", "options": {"hidden_sizes": "6, 5", "letter_size": "3"}}
QUESTIONS: dict[str, dict[str, Any]] = {
    "surprise": {"text": "the st"},
    "units": {"text": "the st", "layer": 2, "unit": "5", "state": "c"},
    "find_units": {"feature": "word_position"},
    "letters": {},
    "weights": {"layer": 2},
    "network": {"text": "the st", "at": 3},
}
SHOWN = ("steps", "samples", "greedy", "status")


def learning(client: Client) -> Tab:
    """A page with a small network in training."""
    tab = client.open_tab()
    assert tab.ask("learn", LEARN)["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    tab.wait_for_steps(100)
    return tab


def test_inspection_of_a_paused_network_does_not_change_it(
    client: Client,
) -> None:
    tab = learning(client)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    shown = [tab.newest(field) for field in SHOWN]
    for event, question in QUESTIONS.items():
        first = tab.ask(event, question)
        again = tab.ask(event, question)
        assert first["ok"], event
        assert {**first, "took": 0} == {**again, "took": 0}, event
        assert first["steps"] == tab.newest("steps")
    assert tab.ask("set", {"learning_rate": "0.5"})["ok"]  # its frame comes after all others
    tab.wait_for(lambda: tab.newest("learning_rate") == 0.5)
    assert [tab.newest(field) for field in SHOWN] == shown
    assert tab.state["version"] == 2


def test_inspection_results_follow_the_training(client: Client) -> None:
    tab = learning(client)
    for event, question in QUESTIONS.items():
        first = tab.ask(event, question)
        # The newest frame may be from before the answer.
        tab.wait_for_steps(first["steps"])
        later = tab.ask(event, question)
        assert later["steps"] > first["steps"]
        fixed = ("ok", "steps", "took")
        assert {k: v for k, v in later.items() if k not in fixed} != {
            k: v for k, v in first.items() if k not in fixed
        }, event
    assert tab.newest("status") == "learning"


def test_a_rejected_inspection_changes_nothing(client: Client) -> None:
    tab = learning(client)
    answer = tab.ask("units", {"text": "the", "layer": 3})
    assert (answer["ok"], answer["code"], answer["field"]) == (False, "no_such_layer", "layer")
    tab.wait_for_steps(tab.newest("steps"))
    assert tab.newest("status") == "learning"
    assert tab.state["version"] == 2
