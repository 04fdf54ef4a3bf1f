"""What one session asks for takes nothing from the others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engines import training_pool
from app.engines.local import LocalEngine
from app.engines.scheduler import TIME_SLICE, Lease
from app.errors import UserError
from app.protocol.requests import Complete, Learn, Pause, SetParameters
from app.sessions.commands import ChargeTime, CreateCheckpoint, LoadModel, SetWatched
from app.sessions.session import Session
from app.storage import Store, default_url
from app.training.checkpoint import Checkpoint
from app.training.run import TrainingRun
from tests.support.engines import HOUR, drop, local_engine
from tests.support.sessions import SMALL, SessionClient
from tests.support.waiting import PATIENCE, wait_for

ASK = Complete(prime="a", method="sample")
NEW = Learn(text="quite another text\nof two lines", options=SMALL)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    """An engine with a single training thread."""
    engine = local_engine(tmp_path / "engine", threads=1)
    yield engine
    engine.close()


class Gate:
    """Holds the calls of a function until it is opened.

    Attributes:
        reached: set by the first call.
        opened: lets all calls pass.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        self.reached.set()
        assert self.opened.wait(PATIENCE)
        return self._function(*arguments)


@pytest.fixture
def creation(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Holds the creation of networks, which are all prepared as if their texts were long."""
    monkeypatch.setattr(training_pool, "PREPARED_AT_ONCE", 0)
    return Gate(TrainingRun.create)


def test_a_command_is_answered_before_the_questions_of_another_session(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the question that runs, not for those in line."""
    ann, bob = SessionClient(engine, "ann"), SessionClient(engine, "bob")
    ann.wait_for_steps()
    bob.wait_for_steps()

    def busy(_session: Session, _command: Complete) -> None:
        until = time.thread_time() + TIME_SLICE
        while time.thread_time() < until:
            pass

    gate = Gate(busy)
    handlers = {**Session._HANDLERS, Complete: gate}
    monkeypatch.setattr(Session, "_HANDLERS", handlers)
    order: list[str] = []
    questions = [engine.submit("ann", ASK) for _ in range(4)]
    questions[1].add_done_callback(lambda _: order.append("second question"))
    assert gate.reached.wait(PATIENCE)
    command = engine.submit("bob", SetParameters(temperature=2.0))
    command.add_done_callback(lambda _: order.append("command"))
    gate.opened.set()
    for each in (command, *questions):
        each.result(PATIENCE)
    assert order == ["command", "second question"]
    ann.wait_for_steps()  # questions leave some of each turn to training


def test_time_outside_of_its_slices_is_charged_to_a_session(engine: LocalEngine) -> None:
    """Its gradient checks, and the model files that it reads."""
    ann, bob = SessionClient(engine, "ann"), SessionClient(engine, "bob")
    ann.wait_for_steps()
    bob.wait_for_steps()
    tasks = engine.pool._scheduler._tasks
    ann.ask(Pause())
    before = tasks["ann"].vruntime
    assert engine.submit("ann", ChargeTime(HOUR)).result(PATIENCE) is None
    assert tasks["ann"].vruntime == before + HOUR
    bob.wait_for_steps()


def test_a_session_without_a_page_gets_less_than_one_that_is_watched(engine: LocalEngine) -> None:
    ann, bob = SessionClient(engine, "ann"), SessionClient(engine, "bob")
    ann.ask(SetWatched(watched=True))
    bob.wait_for_steps()
    turns = Counter[str]()
    release = engine.pool._scheduler.release

    def note(lease: Lease, used: float, runnable: bool) -> None:
        if not lease.priority:
            turns[lease.session_id] += 1
        release(lease, used, runnable)

    engine.pool._scheduler.release = note  # type: ignore[method-assign]
    wait_for(lambda: turns["bob"] >= 4)
    assert turns["ann"] > 2 * turns["bob"]


def test_a_cancelled_question_is_not_computed(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that has left asks for nothing."""
    SessionClient(engine, "ann").wait_for_steps()
    computed: list[Complete] = []
    gate = Gate(lambda _session, command: computed.append(command))
    monkeypatch.setattr(Session, "_HANDLERS", {**Session._HANDLERS, Complete: gate})
    first, cancelled, last = (
        engine.submit("ann", Complete(prime=prime, method="sample")) for prime in "abc"
    )
    assert gate.reached.wait(PATIENCE)
    assert cancelled.cancel()
    gate.opened.set()
    first.result(PATIENCE)
    last.result(PATIENCE)
    assert [command.prime for command in computed] == ["a", "c"]


def test_a_session_trains_on_while_its_next_network_is_prepared(
    engine: LocalEngine, creation: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be saved meanwhile; what is asked for later applies to the new network."""
    ann, bob = SessionClient(engine, "ann"), SessionClient(engine, "bob")
    monkeypatch.setattr(TrainingRun, "create", creation)
    learning, pausing = engine.submit("ann", NEW), engine.submit("ann", Pause())
    assert creation.reached.wait(PATIENCE)
    ann.wait_for_steps()
    bob.wait_for_steps()
    checkpoint = ann.ask(CreateCheckpoint())
    assert isinstance(checkpoint, Checkpoint)
    assert checkpoint.text == ann.now.description.text.beginning != NEW.text
    assert ann.ask(ASK)
    assert not learning.done()
    assert not pausing.done()
    creation.opened.set()
    assert learning.result(PATIENCE) is None
    assert pausing.result(PATIENCE) is None
    assert (ann.now.description.text.beginning, ann.now.status) == (NEW.text, "paused")


def test_a_network_that_cannot_be_prepared_changes_nothing(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is that of the command; the reserved memory is released."""
    ann = SessionClient(engine, "ann")
    weights = engine.weights
    saved = ann.save()
    ann.ask(Learn(text="zzz", options=SMALL))
    monkeypatch.setattr(training_pool, "PREPARED_AT_ONCE", 0)
    before = ann.now.description
    with pytest.raises(UserError) as caught:
        ann.ask(LoadModel(saved))
    assert caught.value.code == "text_unreadable"
    assert ann.now.description == before
    ann.wait_for_steps()
    assert engine.weights <= 2 * weights  # undo retains the first network


def test_a_server_that_stops_saves_the_network_that_is_to_be_replaced(
    tmp_path: Path, creation: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A learn that is not ready fails, and delays nothing."""
    engine = local_engine(tmp_path / "engine", threads=1)
    ann = SessionClient(engine, "ann")
    ann.wait_for_steps()
    text = ann.now.description.text.beginning
    monkeypatch.setattr(TrainingRun, "create", creation)
    learning = engine.submit("ann", NEW)
    assert creation.reached.wait(PATIENCE)
    assert engine.save_all().result(PATIENCE)
    engine.close()
    error = learning.exception(PATIENCE)
    assert isinstance(error, UserError)
    assert error.code == "session_gone"
    creation.opened.set()
    store = Store.open(default_url(tmp_path / "engine"))
    stored = store.load("ann")
    store.close()
    assert stored is not None
    assert stored.checkpoint.text == text


def test_a_session_that_is_dropped_during_a_preparation_holds_no_memory(
    engine: LocalEngine, creation: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network that was being prepared is released too."""
    SessionClient(engine, "ann").wait_for_steps()
    monkeypatch.setattr(TrainingRun, "create", creation)
    engine.submit("ann", NEW)
    assert creation.reached.wait(PATIENCE)
    drop(engine, "ann")
    creation.opened.set()
    wait_for(lambda: engine.weights == 0)
