"""How a network goes on from a beginning, and which beginnings and entries are refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from app.errors import UserError
from app.protocol import read_event
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.requests import MAX_CHARACTERS, Complete, Learn
from app.protocol.results import Completion
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.training import completion
from app.training.run import TrainingRun
from model import CharModel, Vocabulary, compile_beam_search, compile_kernels

TEXT = "the start\nthe rest\nthen we ask"
SAMPLE = {"prime": "the ", "method": "sample"}
BEAM = {"prime": "the ", "method": "beam"}


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    compile_kernels("lstm", "rmsprop")
    compile_beam_search("lstm")


@pytest.fixture(scope="module")
def model() -> CharModel:
    run = TrainingRun.create(TEXT, Hyperparameters(hidden_sizes=(8,), seed=1), 0)
    run.trainer.train(300)
    return run.model


def completed(model: CharModel, question: dict[str, Any]) -> list[Completion]:
    """What comes of an event, on a network that does not learn."""
    request = read_event("complete", (question,))
    assert isinstance(request, Complete)
    return completion.complete(model, request)


def test_three_are_drawn_with_characters_of_the_text_alone(model: CharModel) -> None:
    found = completed(model, SAMPLE)
    assert len(found) == 3
    assert set("".join(each["text"] for each in found)) <= set(TEXT) - {"\n"}
    assert all(each["log_probability"] is None for each in found)
    assert all(each["cut"] == (len(each["text"]) == MAX_CHARACTERS) for each in found)


def test_what_is_entered_decides_what_is_drawn(model: CharModel) -> None:
    for entries in ({"top_k": "1", "top_p": ""}, {"top_p": "1e-9"}):
        texts = [each["text"] for each in completed(model, {**SAMPLE, **entries})]
        assert len(set(texts)) == 1, entries
    wild = {**SAMPLE, "temperature": "20", "top_k": "", "top_p": "auto"}
    assert len({each["text"] for _ in range(5) for each in completed(model, wild)}) > 1


def test_the_likeliest_are_never_less_probable_than_the_greedy_sentence(model: CharModel) -> None:
    [greedy] = completed(model, {**BEAM, "width": 1})
    assert greedy["log_probability"] is not None
    for width in (2, 5, "20"):
        found = completed(model, {**BEAM, "width": width})
        logs = [each["log_probability"] for each in found if each["log_probability"] is not None]
        assert len(logs) == len(found)
        assert logs == sorted(logs, reverse=True)
        assert logs[0] >= greedy["log_probability"] - 1e-6
        assert all(math.isfinite(each) and each <= 0 for each in logs)
        assert 1 <= len(found) <= int(width)


@pytest.mark.parametrize(
    ("question", "field", "code"),
    [
        ({**SAMPLE, "prime": ""}, "prime", "prime_empty"),
        ({**SAMPLE, "prime": "a" * 10_000}, "prime", "prime_too_long"),
        ({**SAMPLE, "prime": 7}, "prime", "not_text"),
        ({"method": "sample"}, "prime", "missing_field"),
        ({"prime": "a"}, "method", "missing_field"),
        ({**SAMPLE, "method": "guess"}, "method", "unknown_choice"),
        ({**BEAM, "width": "0"}, "width", "too_small"),
        ({**BEAM, "width": 1000}, "width", "too_large"),
        ({**BEAM, "width": "2.5"}, "width", "not_whole"),
        ({**BEAM, "width": ""}, "width", "nothing_entered"),
        ({**SAMPLE, "temperature": "0"}, "temperature", "too_small"),
        ({**SAMPLE, "temperature": "hot"}, "temperature", "not_a_number"),
        ({**SAMPLE, "top_k": "0"}, "top_k", "too_small"),
        ({**SAMPLE, "top_k": "some"}, "top_k", "not_a_number"),
        ({**SAMPLE, "top_p": "0"}, "top_p", "too_small"),
        ({**SAMPLE, "top_p": 1.5}, "top_p", "too_large"),
        ({**SAMPLE, "max_chars": 5}, None, "unknown_field"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_at_its_field(
    question: dict[str, Any], field: str | None, code: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_event("complete", (question,))
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("method", ["sample", "beam"])
@pytest.mark.parametrize("prime", ["a é ß", "🙂"])
def test_a_beginning_with_unknown_characters_is_refused_at_its_field(
    method: Any, prime: str
) -> None:
    session = Session("ann", MemoryBudget(10**6, 10**6))
    session.carry_out(Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(4,), letter_size=3)))
    with pytest.raises(UserError) as caught:
        session.carry_out(Complete(prime=prime, method=method))
    assert (caught.value.code, caught.value.field) == ("unknown_characters", "prime")


def test_a_large_network_reads_and_writes_less_at_once() -> None:
    """It has about as many weights as a network may have."""
    model = CharModel.create(Vocabulary("abcdefgh"), hidden_sizes=(700,), seed=1)
    with pytest.raises(UserError) as caught:
        completed(model, {**SAMPLE, "prime": "a" * 500})
    assert (caught.value.code, caught.value.field) == ("prime_too_long_for_network", "prime")
    found = completed(model, {**BEAM, "prime": "ab", "width": 20})
    assert max(len(each["text"]) for each in found) < MAX_CHARACTERS
    assert any(each["cut"] for each in found)
