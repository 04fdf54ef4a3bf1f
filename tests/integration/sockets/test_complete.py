"""The complete event."""

from __future__ import annotations

from typing import Any

from tests.support.app_server import Client, Tab

LEARN = {"text": "the start\nthe rest", "options": {"hidden_sizes": "6, 5", "letter_size": "3"}}
SAMPLE = {"prime": "the ", "method": "sample"}
BEAM = {"prime": "the ", "method": "beam"}
SHOWN = ("steps", "samples", "greedy", "status")


def learning(client: Client) -> Tab:
    """A page with a small network in training."""
    tab = client.open_tab()
    assert tab.ask("learn", LEARN)["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    tab.wait_for_steps(100)
    return tab


def completions(tab: Tab, question: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer, once the kernels are compiled."""

    def answer() -> dict[str, Any] | None:
        given = tab.ask("complete", question)
        assert given["ok"] or given["code"] == "compiling", given
        return given if given["ok"] else None

    found: list[dict[str, Any]] = tab.wait_for(answer)["completions"]
    return found


def test_complete_does_not_change_a_paused_network(client: Client) -> None:
    tab = learning(client)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    shown = [tab.newest(field) for field in SHOWN]
    first = completions(tab, BEAM)
    drawn = completions(tab, {**SAMPLE, "top_k": "", "top_p": "auto", "temperature": "0.5"})
    assert completions(tab, BEAM) == first
    assert [sorted(each) for each in drawn] == 3 * [["cut", "log_probability", "text"]]
    assert tab.ask("set", {"learning_rate": "0.5"})["ok"]  # its frame comes after all others
    tab.wait_for(lambda: tab.newest("learning_rate") == 0.5)
    assert [tab.newest(field) for field in SHOWN] == shown
    assert tab.state["version"] == 2


def test_training_continues_during_completions(client: Client) -> None:
    tab = learning(client)
    completions(tab, BEAM)
    steps = tab.newest("steps")
    for _ in range(10):
        assert tab.ask("complete", {**BEAM, "width": 20})["ok"]
    tab.wait_for_steps(steps)
    assert tab.newest("status") == "learning"


def test_an_invalid_prime_is_a_field_error(client: Client) -> None:
    tab = learning(client)
    answer = tab.ask("complete", {**SAMPLE, "prime": ""})
    assert (answer["ok"], answer["code"], answer["field"]) == (False, "prime_empty", "prime")
    tab.wait_for_steps(tab.newest("steps"))
    assert tab.state["version"] == 2
