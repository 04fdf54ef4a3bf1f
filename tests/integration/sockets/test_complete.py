"""A page asks how its network goes on from a beginning, and the network is left as it was."""

from __future__ import annotations

from typing import Any

from tests.support.site import Tab, Visitor

LEARN = {"text": "the start\nthe rest", "options": {"hidden_sizes": "6, 5", "letter_size": "3"}}
SAMPLE = {"prime": "the ", "method": "sample"}
BEAM = {"prime": "the ", "method": "beam"}
SHOWN = ("steps", "samples", "greedy", "status")


def learning(visitor: Visitor) -> Tab:
    """A page with a small network that has begun to learn."""
    tab = visitor.open_tab()
    assert tab.ask("learn", LEARN)["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    tab.wait_for_steps(100)
    return tab


def completions(tab: Tab, question: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer, once all is compiled."""

    def answer() -> dict[str, Any] | None:
        given = tab.ask("complete", question)
        assert given["ok"] or given["code"] == "compiling", given
        return given if given["ok"] else None

    found: list[dict[str, Any]] = tab.wait_for(answer)["completions"]
    return found


def test_a_paused_network_is_completed_from_and_stays_as_it_is(visitor: Visitor) -> None:
    tab = learning(visitor)
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


def test_training_goes_on_while_completions_are_asked_for(visitor: Visitor) -> None:
    tab = learning(visitor)
    completions(tab, BEAM)
    steps = tab.newest("steps")
    for _ in range(10):
        assert tab.ask("complete", {**BEAM, "width": 20})["ok"]
    tab.wait_for_steps(steps)
    assert tab.newest("status") == "learning"


def test_a_beginning_that_is_refused_is_answered_at_its_field(visitor: Visitor) -> None:
    tab = learning(visitor)
    answer = tab.ask("complete", {**SAMPLE, "prime": ""})
    assert (answer["ok"], answer["code"], answer["field"]) == (False, "prime_empty", "prime")
    tab.wait_for_steps(tab.newest("steps"))
    assert tab.state["version"] == 2
