"""What a network goes on with after a beginning, and what that leaves alone."""

from __future__ import annotations

import math
from typing import Any

import pytest

from app import completion
from app.errors import UserError
from model import CharModel, Vocabulary
from tests.support.client import Tab, Visitor

SAMPLE = {"prime": "the ", "method": "sample"}
BEAM = {"prime": "the ", "method": "beam"}


def completions(tab: Tab, question: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer, once all is compiled."""

    def answer() -> dict[str, Any] | None:
        given = tab.ask("complete", question)
        assert given["ok"] or given["field"] == "method", given
        return given if given["ok"] else None

    found: list[dict[str, Any]] = tab.wait_for(answer)["completions"]
    return found


def pause(tab: Tab) -> None:
    tab.wait_for(lambda: tab.newest("steps") > 500)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")


def test_three_are_drawn_with_characters_of_the_text_alone(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    found = completions(tab, SAMPLE)
    assert len(found) == 3
    assert set("".join(each["text"] for each in found)) <= set(tab.state["vocabulary"])
    assert all(each["log_probability"] is None for each in found)
    assert all(each["cut"] == (len(each["text"]) == 100) for each in found)


def test_what_is_entered_decides_what_is_drawn(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    pause(tab)
    for entries in ({"top_k": "1", "top_p": ""}, {"top_p": "1e-9"}):
        texts = [each["text"] for each in completions(tab, {**SAMPLE, **entries})]
        assert len(set(texts)) == 1, entries
    wild = {**SAMPLE, "temperature": "20", "top_k": "", "top_p": "auto"}
    assert len({each["text"] for each in completions(tab, wild)}) == 3


def test_the_likeliest_are_never_less_probable_than_the_greedy_sentence(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    pause(tab)
    [greedy] = completions(tab, {**BEAM, "width": 1})
    for width in (2, 5, "20"):
        found = completions(tab, {**BEAM, "width": width})
        logs = [each["log_probability"] for each in found]
        assert logs == sorted(logs, reverse=True)
        assert logs[0] >= greedy["log_probability"] - 1e-6
        assert all(math.isfinite(each) and each <= 0 for each in logs)
        assert 1 <= len(found) <= int(width)


def test_a_paused_network_goes_on_writing_and_stays_paused(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    pause(tab)
    shown = [tab.newest(field) for field in ("steps", "samples", "greedy", "learning_rate")]
    first = completions(tab, BEAM)
    assert completions(tab, SAMPLE)
    assert completions(tab, BEAM) == first
    assert tab.newest("status") == "paused"
    assert [tab.newest(field) for field in ("steps", "samples", "greedy", "learning_rate")] == shown
    assert [state["version"] for state in tab.states] == [1]


@pytest.mark.parametrize(
    ("question", "field", "named"),
    [
        ({**SAMPLE, "prime": ""}, "prime", "type a beginning"),
        ({**BEAM, "prime": ""}, "prime", "type a beginning"),
        ({**SAMPLE, "prime": "a" * 10_000}, "prime", "1,000"),
        ({**SAMPLE, "prime": "a é ß"}, "prime", "'é', 'ß'"),
        ({**BEAM, "prime": "日本"}, "prime", "'日', '本'"),
        ({**BEAM, "prime": "🙂"}, "prime", "'🙂'"),
        ({**SAMPLE, "prime": 7}, "prime", "string"),
        ({"method": "sample"}, "prime", "missing"),
        ({"prime": "a"}, "method", "missing"),
        ({**SAMPLE, "method": "guess"}, "method", "sample or beam"),
        ({**BEAM, "width": "0"}, "width", "from 1 to 20"),
        ({**BEAM, "width": 1000}, "width", "from 1 to 20"),
        ({**BEAM, "width": "2.5"}, "width", "whole number"),
        ({**BEAM, "width": ""}, "width", "nothing was entered"),
        ({**SAMPLE, "temperature": "0"}, "temperature", "too small"),
        ({**SAMPLE, "temperature": "hot"}, "temperature", "not a number"),
        ({**SAMPLE, "top_k": "0"}, "top_k", "nothing, or a whole number"),
        ({**SAMPLE, "top_k": "some"}, "top_k", "not a number"),
        ({**SAMPLE, "top_p": "0"}, "top_p", "above 0"),
        ({**SAMPLE, "top_p": 1.5}, "top_p", "at most 1"),
        ({**SAMPLE, "max_chars": 5}, None, "prime, method"),
    ],
)
def test_bad_input_is_answered_at_its_field_and_changes_nothing(
    visitor: Visitor, question: dict[str, Any], field: str | None, named: str
) -> None:
    tab = visitor.open_tab()
    completions(tab, BEAM)  # it is compiled by now
    answer = tab.ask("complete", question)
    assert (answer["ok"], answer["field"]) == (False, field)
    assert named in answer["error"]
    steps = tab.newest("steps")
    tab.wait_for(lambda: tab.newest("steps") > steps)
    assert tab.newest("status") == "learning"
    assert [state["version"] for state in tab.states] == [1]


def test_training_goes_on_while_completions_are_asked_for(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    completions(tab, BEAM)
    frames, steps = len(tab.frames), tab.newest("steps")
    for _ in range(10):
        assert tab.ask("complete", {**BEAM, "width": 20})["ok"]
    tab.wait_for(lambda: len(tab.frames) > frames and tab.newest("steps") > steps)


def large_network() -> CharModel:
    """About as many weights as a network may have."""
    return CharModel.create(Vocabulary("abcdefgh"), hidden_sizes=(700,), seed=1)


def test_a_large_network_reads_and_writes_less_at_one_go() -> None:
    model = large_network()
    with pytest.raises(UserError, match="to 40") as refused:
        completion.drawn(model, "a" * 500, 1.0, None, None)
    assert refused.value.field == "prime"
    found = completion.likeliest(model, "ab", 20)
    assert max(len(each.text) for each in found) < completion.LONGEST
    assert any(each.cut for each in found)
