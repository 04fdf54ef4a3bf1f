"""A session by itself: what it refuses, and when it writes."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.limits import Limits
from app.protocol.requests import Complete, Learn, LoadPretrained, Pause, Save
from app.sessions import session as session_module
from app.sessions.commands import Command, LoadModel, SetWatched
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.training.samples import MAX_INTERVAL, MIN_DISPLAY_SECONDS
from model import compile_kernels
from model.formats.checkpoint import ModelCheckpoint

SMALL = Hyperparameters(hidden_sizes=(8,), letter_size=3)
TEXT = "a first sentence\n  and another \n\nthe third is here"


class Clock:
    """The time that a session writes by."""

    def __init__(self) -> None:
        self.now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    stub = SimpleNamespace(monotonic=lambda: clock.now, time_ns=time.time_ns)
    monkeypatch.setattr(session_module, "time", stub)
    return clock


@pytest.fixture
def session(clock: Clock) -> Session:
    """A watched session that has trained and sampled once."""
    compile_kernels("lstm", "rmsprop")
    session = Session("ann", MemoryBudget(Limits().weights, Limits().memory))
    session.carry_out(Learn(text=TEXT, options=SMALL))
    session.carry_out(SetWatched(watched=True))
    session.refresh_samples()
    session.train(0.001)
    clock.now += MIN_DISPLAY_SECONDS
    return session


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (Learn.model_construct(text=" \n\n", options=SMALL), "empty_vocabulary", "text"),
        (
            Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(1000, 1000))),
            "network_too_large",
            "hidden_sizes",
        ),
        (
            Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(0,))),
            "invalid_hidden_sizes",
            "hidden_sizes",
        ),
        (LoadPretrained(name="no such model"), "unknown_pretrained", "name"),
        (Complete(prime="a ZEBRA", method="sample"), "unknown_characters", "prime"),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_field_and_changes_nothing(
    session: Session, command: Command, code: str, field: str
) -> None:
    before = session.snapshot()
    with pytest.raises(UserError) as caught:
        session.carry_out(command)
    assert (caught.value.code, caught.value.field) == (code, field)
    after = session.snapshot()
    assert (after.description, after.steps) == (before.description, before.steps)
    session.train(0.001)
    assert session.snapshot().steps > before.steps


def test_a_session_without_a_network_answers_nothing_about_one() -> None:
    for command in (Save(), Complete(prime="a", method="sample")):
        with pytest.raises(UserError) as caught:
            Session("ann", MemoryBudget(1, 1)).carry_out(command)
        assert caught.value.code == "no_network"


def test_a_question_that_fails_leaves_the_memory_of_a_network_that_is_being_prepared(
    session: Session,
) -> None:
    """Otherwise a visitor could exceed the budget."""
    before = session._memory.weights
    larger = Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(60,)))
    prepared = session.preparation(larger)()
    reserved = session._memory.weights
    assert reserved > before
    with pytest.raises(UserError):
        session.carry_out(Complete(prime="a ZEBRA", method="sample"))
    assert session._memory.weights == reserved
    assert prepared.run.model.num_parameters > session.snapshot().description.weights


def test_samples_are_written_only_while_a_page_watches(session: Session, clock: Clock) -> None:
    session.carry_out(SetWatched(watched=False))
    first = session.snapshot().samples
    assert len(first) == 5
    session.train(0.001)
    clock.now += 2 * MAX_INTERVAL
    session.refresh_samples()
    assert session.snapshot().samples is first
    session.carry_out(SetWatched(watched=True))
    session.refresh_samples()
    assert session.snapshot().samples is not first


def test_a_loaded_model_is_shown_as_it_was_saved_before_it_learns_on(
    session: Session, clock: Clock
) -> None:
    session.carry_out(Pause())
    session.refresh_samples()
    saved = session.carry_out(Save())
    assert isinstance(saved, ModelCheckpoint)
    greedy = saved.model.greedy()
    session.carry_out(Learn(text="entirely\ndifferent", options=SMALL))
    session.carry_out(Learn(text=TEXT, options=SMALL))
    session.carry_out(LoadModel(saved))
    session.refresh_samples()
    loaded = session.snapshot()
    assert (loaded.greedy, loaded.status, loaded.steps) == (greedy, "learning", 0)
    session.train(0.001)
    clock.now += 0.9 * MIN_DISPLAY_SECONDS
    session.refresh_samples()
    assert (session.snapshot().greedy, session.snapshot().samples) == (greedy, loaded.samples)
    clock.now += 0.2 * MIN_DISPLAY_SECONDS + MAX_INTERVAL
    session.refresh_samples()
    assert session.snapshot().samples is not loaded.samples
