"""Behaviour of the local engine only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engines import kernel_compiler as compiler
from app.engines import training_pool
from app.engines.local import LocalEngine
from app.errors import UserError
from app.protocol.requests import Complete, Pause
from app.sessions import session
from tests.support.engines import local_engine
from tests.support.sessions import STARTING, SessionClient
from tests.support.waiting import PATIENCE


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = local_engine(tmp_path)
    yield engine
    engine.close()


def test_status_is_compiling_then_learning(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = threading.Event()
    for module in (training_pool, session):
        monkeypatch.setattr(module, "training_compiled", lambda *_needed: ready.is_set())
    compiled = threading.Event()
    monkeypatch.setattr(compiler, "compile_training", lambda *_needed: compiled.wait(PATIENCE))
    client = SessionClient(engine)
    assert client.now.status == "compiling"
    client.ask(Pause())
    assert client.now.status == "compiling"
    client.ask(STARTING)
    assert client.now.steps == 0
    ready.set()
    compiled.set()
    client.wait_for_steps()
    assert client.now.status == "learning"


def test_training_does_not_wait_for_beam_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = threading.Event()
    monkeypatch.setattr(compiler, "compile_beam_search", lambda _kind: compiled.wait(PATIENCE))
    monkeypatch.setattr(session, "beam_search_compiled", lambda _kind: compiled.is_set())
    engine = local_engine(tmp_path)
    try:
        client = SessionClient(engine)
        client.wait_for_steps()
        assert client.ask(Complete(prime="a f", method="sample"))
        with pytest.raises(UserError) as caught:
            client.ask(Complete(prime="a f", method="beam"))
        assert (caught.value.code, caught.value.field) == ("compiling", "method")
        compiled.set()
        assert client.ask(Complete(prime="a f", method="beam"))
    finally:
        compiled.set()
        engine.close()


def test_training_does_not_wait_for_sampling_and_samples_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that waits for the first step must not wait for kernels that the step does not use."""
    compiled = threading.Event()
    monkeypatch.setattr(compiler, "kernels_cached", lambda kernels, *_key: kernels == "training")
    monkeypatch.setattr(compiler, "compile_missing", lambda *_kernels: None)
    monkeypatch.setattr(compiler, "compile_inference", lambda _cell: compiled.wait(PATIENCE))
    for module in (training_pool, session):
        monkeypatch.setattr(module, "inference_compiled", lambda _cell: compiled.is_set())
    engine = local_engine(tmp_path)
    try:
        client = SessionClient(engine)
        client.wait_for_steps()
        assert client.now.greedy is None
        with pytest.raises(UserError) as caught:
            client.ask(Complete(prime="a f", method="sample"))
        assert (caught.value.code, caught.value.field) == ("compiling", "method")
        client.ask(Pause())
        compiled.set()
        client.wait_for(lambda now: now.greedy is not None)
        assert client.ask(Complete(prime="a f", method="sample"))
    finally:
        compiled.set()
        engine.close()


def test_a_compile_error_is_reported(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module in (training_pool, session):
        monkeypatch.setattr(module, "training_compiled", lambda *_needed: False)

    def fail(*_needed: str) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(compiler, "compile_training", fail)
    now = SessionClient(engine).wait_for(lambda now: now.notices)
    assert (now.status, now.notices[0].code) == ("compiling", "kernels_failed")
    assert "no compiler" in caplog.text


def test_close_ends_every_training_thread(tmp_path: Path) -> None:
    engine = local_engine(tmp_path, threads=3)
    engine.open_session("ann").result(PATIENCE)
    engine.close()
    assert not [each for each in threading.enumerate() if each in engine.pool._threads]
