"""Training threads survive failures of sessions, and every command is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from app.catalog.presets import START_TEMPERATURE
from app.engines import checkpoint_writer
from app.engines.local import LocalEngine
from app.engines.mailbox import Mailbox, Pending
from app.errors import UserError
from app.protocol.requests import Pause, Resume, SetParameters
from app.sessions.commands import Answer, Command
from app.sessions.session import Session
from app.storage import StoreError
from tests.support.app_server import running_app
from tests.support.engines import drop, local_engine, slot_of
from tests.support.sessions import STARTING, SessionClient
from tests.support.waiting import PATIENCE, wait_for

ENDS_A_THREAD = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    """An engine with a single training thread."""
    engine = local_engine(tmp_path / "engine", threads=1)
    yield engine
    engine.close()


def run_in_thread(call: Callable[[], object]) -> None:
    """Call a function in another thread and wait for it."""
    thread = threading.Thread(target=call)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def code_of(answer: Future[Answer]) -> str:
    error = answer.exception(PATIENCE)
    assert isinstance(error, UserError)
    return error.code


class EmptiedMailbox(Mailbox):
    """A mailbox that another thread empties just before the first command is taken."""

    def __init__(self, empty: Callable[[], object]) -> None:
        super().__init__()
        self._empty: Callable[[], object] | None = empty

    def commands(self) -> Iterator[Pending]:
        empty, self._empty = self._empty, None
        if empty is not None:
            run_in_thread(empty)
        return super().commands()


def assert_it_trains_on(engine: LocalEngine) -> None:
    assert not engine.problems()
    SessionClient(engine, "another").wait_for_steps()


def test_training_thread_survives_a_mailbox_emptied_concurrently(
    engine: LocalEngine,
) -> None:
    SessionClient(engine, "ann")
    slot_of(engine, "ann").mailbox = EmptiedMailbox(lambda: drop(engine, "ann"))
    answers = [engine.submit("ann", Pause()) for _ in range(3)]
    assert [code_of(answer) for answer in answers] == 3 * ["session_gone"]
    assert_it_trains_on(engine)


def test_dropping_a_session_during_a_command_answers_all_commands(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    SessionClient(engine, "ann")
    slot, carry_out = slot_of(engine, "ann"), Session.carry_out
    given = threading.Event()

    def drop_meanwhile(self: Session, command: Command) -> Answer:
        if self is slot.session and isinstance(command, SetParameters):
            assert given.wait(PATIENCE)
            run_in_thread(lambda: drop(engine, "ann"))
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


def test_training_thread_survives_a_cancelled_future(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    SessionClient(engine, "ann")
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


def test_an_unexpected_error_fails_only_its_command(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann, carry_out = SessionClient(engine, "ann"), Session.carry_out
    ann.wait_for_steps()

    def fail_once(self: Session, command: Command) -> Answer:
        if isinstance(command, SetParameters):
            raise ZeroDivisionError("reason 4711")
        return carry_out(self, command)

    monkeypatch.setattr(Session, "carry_out", fail_once)
    assert code_of(engine.submit("ann", SetParameters(temperature=2.0))) == "unexpected"
    assert "4711" in caplog.text
    ann.ask(Pause())
    assert (ann.now.status, ann.now.temperature) == ("paused", START_TEMPERATURE)


@pytest.mark.parametrize("part", ["train", "refresh_samples", "snapshot"])
def test_an_error_in_training_pauses_only_its_session(
    engine: LocalEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
) -> None:
    ann, bob = SessionClient(engine, "ann"), SessionClient(engine, "bob")
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


def test_a_failed_session_is_published_as_paused(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = SessionClient(engine, "ann")

    def fail(*_: Any) -> None:
        raise FloatingPointError

    monkeypatch.setattr(engine.pool, "_compile", fail)
    assert ann.wait_for(lambda now: now.notices).status == "paused"


@pytest.fixture
def ended(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    """An engine whose only training thread is dead."""

    def end(*_: Any) -> None:
        raise SystemExit

    SessionClient(engine, "ann")
    assert not engine.problems()
    # Of this session alone: the class is shared with the other engines of this process.
    monkeypatch.setattr(slot_of(engine, "ann").session, "train", end)
    wait_for(engine.problems)
    return engine


@ENDS_A_THREAD
def test_a_dead_training_thread_is_a_problem(ended: LocalEngine) -> None:
    [problem] = ended.problems()
    assert problem.code == "thread_ended"
    assert ended.pool._threads[0].name in problem.message
    ended.close()
    assert not ended.problems()  # from here on it is meant


@ENDS_A_THREAD
def test_a_dead_saving_thread_is_a_problem(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(engine.persistence, "_tick", end)
    [problem] = wait_for(engine.problems)
    assert problem.code == "thread_ended"
    assert engine.persistence._saver.name in problem.message
    engine.close()
    assert not engine.problems()


@ENDS_A_THREAD
def test_healthz_answers_503_with_the_problem(ended: LocalEngine, tmp_path: Path) -> None:
    with running_app(tmp_path, engine=ended) as app_server:
        for path in ("/healthz", "/readyz"):
            answer = app_server.new_client().get(path)
            problems = [each._asdict() for each in ended.problems()]
            assert (answer.status_code, answer.json) == (503, {"ok": False, "problems": problems})


def test_healthz_answers_200_while_every_thread_runs(engine: LocalEngine, tmp_path: Path) -> None:
    with running_app(tmp_path, engine=engine) as app_server:
        for path in ("/healthz", "/readyz"):
            answer = app_server.new_client().get(path)
            assert (answer.status_code, answer.json) == (200, {"ok": True})


def test_kernels_that_cannot_be_compiled_are_an_obstacle(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a server trains nothing, though all its threads run."""
    assert not engine.obstacles()
    monkeypatch.setattr(engine.pool._compiler, "failed", lambda _: True)
    assert [each.code for each in engine.obstacles()] == ["kernels_failed"]


def test_a_store_that_fails_is_an_obstacle_also_without_sessions(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is saved on an idle server, so the store is tried."""
    fails = threading.Event()

    def touch(*_: Any) -> None:
        if fails.is_set():
            raise StoreError("unreachable")

    monkeypatch.setattr(checkpoint_writer, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(engine.persistence._store, "touch", touch)
    assert not engine.obstacles()
    fails.set()
    [problem] = wait_for(engine.obstacles)
    assert problem.code == "store_failing"
    assert not engine.problems()  # a restart would not help
    fails.clear()
    wait_for(lambda: not engine.obstacles())
