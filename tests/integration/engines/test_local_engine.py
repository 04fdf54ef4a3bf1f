"""What only the engine on this process's own threads does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from app import compiler, local_engine, session
from app.commands import Complete, Learn, Pause
from app.errors import UserError
from app.local_engine import LocalEngine
from app.options import Options
from app.session import Session
from app.snapshot import Snapshot

PATIENCE = 60.0
STARTING = Learn("a text\nto learn", Options(hidden_sizes=(8,), letter_size=3))


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(STARTING, threads=2)
    yield engine
    engine.close()


def newest(engine: LocalEngine, session_id: str) -> Snapshot:
    snapshot = engine.snapshot(session_id)
    assert snapshot is not None
    return snapshot


def wait_for_steps(engine: LocalEngine, session_id: str) -> None:
    until, steps = time.monotonic() + PATIENCE, newest(engine, session_id).steps
    while newest(engine, session_id).steps <= steps:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_goes_wrong_in_one_session_stops_that_one_only(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    train = Session.train

    def fail_for_bob(self: Session, seconds: float) -> None:
        if self.session_id == "bob":
            raise FloatingPointError("bob's network")
        train(self, seconds)

    monkeypatch.setattr(Session, "train", fail_for_bob)
    for name in ("ann", "bob"):
        engine.create(name).result(PATIENCE)
    until = time.monotonic() + PATIENCE
    while newest(engine, "bob").status != "paused":
        assert time.monotonic() < until
        time.sleep(0.01)
    assert [remark.level for remark in newest(engine, "bob").remarks] == ["error"]
    assert "bob's network" in caplog.text
    assert "to learn" not in caplog.text
    wait_for_steps(engine, "ann")


def test_it_says_that_it_compiles_and_then_learns(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = threading.Event()
    for module in (local_engine, session):
        monkeypatch.setattr(module, "kernels_ready", lambda *_needed: ready.is_set())
    compiled = threading.Event()
    monkeypatch.setattr(compiler, "prepare_kernels", lambda *_needed: compiled.wait(PATIENCE))
    engine.create("ann").result(PATIENCE)
    assert newest(engine, "ann").status == "compiling"
    engine.command("ann", Pause()).result(PATIENCE)
    assert newest(engine, "ann").status == "compiling"
    engine.command("ann", STARTING).result(PATIENCE)
    assert newest(engine, "ann").steps == 0
    ready.set()
    compiled.set()
    wait_for_steps(engine, "ann")
    assert newest(engine, "ann").status == "learning"


def test_training_does_not_wait_for_beam_search(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = threading.Event()
    monkeypatch.setattr(compiler, "prepare_beam_search", lambda _kind: compiled.wait(PATIENCE))
    monkeypatch.setattr(session, "beam_search_ready", lambda _kind: compiled.is_set())
    engine = LocalEngine(STARTING, threads=2)
    try:
        engine.create("ann").result(PATIENCE)
        wait_for_steps(engine, "ann")
        assert engine.command("ann", Complete("a t")).result(PATIENCE)
        with pytest.raises(UserError, match="in a few seconds") as refused:
            engine.command("ann", Complete("a t", "beam")).result(PATIENCE)
        assert refused.value.field == "method"
        compiled.set()
        assert engine.command("ann", Complete("a t", "beam")).result(PATIENCE)
    finally:
        compiled.set()
        engine.close()


def test_a_kind_that_cannot_be_compiled_is_paused_with_a_word(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module in (local_engine, session):
        monkeypatch.setattr(module, "kernels_ready", lambda *_needed: False)

    def fail(*_needed: str) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(compiler, "prepare_kernels", fail)
    engine.create("ann").result(PATIENCE)
    until = time.monotonic() + PATIENCE
    while not newest(engine, "ann").remarks:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert "compile" in newest(engine, "ann").remarks[0].message
    assert "no compiler" in caplog.text


def test_closing_ends_every_training_thread() -> None:
    engine = LocalEngine(STARTING, threads=3)
    engine.create("ann").result(PATIENCE)
    engine.close()
    assert not [each for each in threading.enumerate() if each in engine._threads]
