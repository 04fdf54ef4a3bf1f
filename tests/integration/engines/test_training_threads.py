"""Nothing that happens to one session ends a training thread, or leaves a command unanswered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from app.engines.local import LocalEngine
from app.engines.persistence import Persistence
from app.engines.training_pool import TrainingPool
from app.errors import UserError
from app.protocol.requests import Pause, Resume, SetParameters
from app.sessions.commands import Answer, Command
from app.sessions.session import Session
from tests.support.engines import drop, local_engine, slot_of
from tests.support.sessions import STARTING, Client
from tests.support.site import open_site
from tests.support.waiting import PATIENCE, wait_for

ENDS_A_THREAD = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    """An engine with one thread, so that what ends it ends all training."""
    engine = local_engine(tmp_path / "engine", threads=1)
    yield engine
    engine.close()


def elsewhere(call: Callable[[], object]) -> None:
    """Have something called on another thread, and wait until it is done."""
    thread = threading.Thread(target=call)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def code_of(answer: Future[Answer]) -> str:
    error = answer.exception(PATIENCE)
    assert isinstance(error, UserError)
    return error.code


class Emptied(deque[Any]):
    """A mailbox that another thread empties after it was seen to hold something."""

    def __init__(self, empty: Callable[[], object]) -> None:
        super().__init__()
        self._empty: Callable[[], object] | None = empty

    def popleft(self) -> Any:
        empty, self._empty = self._empty, None
        if empty is not None:
            elsewhere(empty)
        return super().popleft()


def assert_it_trains_on(engine: LocalEngine) -> None:
    assert not engine.problems()
    Client(engine, "another").wait_for_steps()


def test_a_mailbox_that_is_emptied_by_another_thread_ends_no_training_thread(
    engine: LocalEngine,
) -> None:
    Client(engine, "ann")
    slot_of(engine, "ann").mailbox = Emptied(lambda: drop(engine, "ann"))
    answers = [engine.submit("ann", Pause()) for _ in range(3)]
    assert [code_of(answer) for answer in answers] == 3 * ["session_gone"]
    assert_it_trains_on(engine)


def test_a_session_that_is_dropped_while_a_command_is_carried_out_answers_all_of_them(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Client(engine, "ann")
    slot, carry_out = slot_of(engine, "ann"), Session.carry_out
    given = threading.Event()

    def drop_meanwhile(self: Session, command: Command) -> Answer:
        if self is slot.session and isinstance(command, SetParameters):
            assert given.wait(PATIENCE)
            elsewhere(lambda: drop(engine, "ann"))
        return carry_out(self, command)

    monkeypatch.setattr(Session, "carry_out", drop_meanwhile)
    carried_out = engine.submit("ann", SetParameters(temperature=2.0))
    others = [engine.submit("ann", Pause()) for _ in range(3)]
    given.set()
    assert carried_out.result(PATIENCE) is None
    assert [code_of(answer) for answer in others] == 3 * ["session_gone"]
    assert_it_trains_on(engine)
    drop(engine, "another")
    wait_for(lambda: engine.weights == 0)  # the dropped session holds no memory


def test_an_answer_that_is_not_waited_for_any_more_does_no_harm(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Client(engine, "ann")
    carry_out, begun, go = Session.carry_out, threading.Event(), threading.Event()

    def slowly(self: Session, command: Command) -> Answer:
        begun.set()
        assert go.wait(PATIENCE)
        return carry_out(self, command)

    monkeypatch.setattr(Session, "carry_out", slowly)
    given_up, next_one = (engine.submit("ann", each) for each in (Pause(), Resume()))
    assert begun.wait(PATIENCE)
    assert given_up.cancel()
    go.set()
    assert next_one.result(PATIENCE) is None
    assert_it_trains_on(engine)


def test_a_command_that_fails_unexpectedly_is_answered_and_the_next_is_carried_out(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann, carry_out = Client(engine, "ann"), Session.carry_out
    ann.wait_for_steps()

    def fail_once(self: Session, command: Command) -> Answer:
        if isinstance(command, SetParameters):
            raise ZeroDivisionError("reason 4711")
        return carry_out(self, command)

    monkeypatch.setattr(Session, "carry_out", fail_once)
    assert code_of(engine.submit("ann", SetParameters(temperature=2.0))) == "unexpected"
    assert "4711" in caplog.text
    ann.ask(Pause())
    assert (ann.now.status, ann.now.temperature) == ("paused", 1.0)


@pytest.mark.parametrize("part", ["train", "write", "snapshot"])
def test_an_error_in_a_slice_pauses_that_session_and_no_other(
    engine: LocalEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
) -> None:
    ann, bob = Client(engine, "ann"), Client(engine, "bob")
    done, failed = getattr(Session, part), threading.Event()

    def fail_for_bob(self: Session, *arguments: Any) -> Any:
        if self.session_id == "bob":
            failed.set()
            raise FloatingPointError("reason 4711")
        return done(self, *arguments)

    monkeypatch.setattr(Session, part, fail_for_bob)
    wait_for(failed.is_set)
    assert bob.ask(SetParameters(temperature=0.5)) is None  # it is answered all the same
    ann.wait_for_steps()
    monkeypatch.setattr(Session, part, done)
    bob.ask(SetParameters(temperature=0.6))
    assert (bob.now.status, bob.now.temperature) == ("paused", 0.6)
    assert {(each.level, each.code) for each in bob.now.notices} == {("error", "training_failed")}
    assert not ann.now.notices
    assert "4711" in caplog.text
    assert STARTING.text not in caplog.text
    bob.ask(Resume())
    bob.wait_for_steps()
    assert not engine.problems()


def test_a_session_that_fails_is_shown_paused_without_being_asked(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = Client(engine, "ann")

    def fail(*_: Any) -> None:
        raise FloatingPointError

    monkeypatch.setattr(TrainingPool, "_make_ready", fail)
    assert ann.wait_for(lambda now: now.notices).status == "paused"


@pytest.fixture
def ended(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    """An engine whose only training thread has ended."""

    def end(*_: Any) -> None:
        raise SystemExit

    assert not engine.problems()
    monkeypatch.setattr(Session, "train", end)
    engine.open_session("ann")
    wait_for(engine.problems)
    return engine


@ENDS_A_THREAD
def test_a_training_thread_that_has_ended_is_named_as_a_problem(ended: LocalEngine) -> None:
    [problem] = ended.problems()
    assert ended.pool._threads[0].name in problem
    ended.close()
    assert not ended.problems()  # from here on it is meant


@ENDS_A_THREAD
def test_the_thread_that_saves_is_named_as_a_problem_when_it_has_ended(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(Persistence, "_tick", end)
    [problem] = wait_for(engine.problems)
    assert engine.persistence._saver.name in problem
    engine.close()
    assert not engine.problems()


@ENDS_A_THREAD
def test_healthz_answers_503_with_the_problem(ended: LocalEngine, tmp_path: Path) -> None:
    with open_site(tmp_path, engine=ended) as site:
        answer = site.visitor().get("/healthz")
        assert answer.status_code == 503
        assert answer.json == {"ok": False, "problems": list(ended.problems())}


def test_healthz_answers_200_while_every_thread_runs(engine: LocalEngine, tmp_path: Path) -> None:
    with open_site(tmp_path, engine=engine) as site:
        answer = site.visitor().get("/healthz")
        assert (answer.status_code, answer.json) == (200, {"ok": True})
