"""Undo of a replaced network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.engines import persistence
from app.engines.base import Engine
from app.engines.local import LocalEngine
from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.limits import Limits
from app.protocol.requests import Learn, Pause, Resume, SetParameters, Undo
from app.sessions import undo as spare
from app.sessions.commands import Command, CreateCheckpoint, LoadModel, SetWatched
from app.sessions.snapshot import Snapshot
from app.training.checkpoint import Checkpoint
from app.training.run import TrainingRun
from model.formats.checkpoint import ModelCheckpoint
from tests.support.app_server import Client
from tests.support.engines import HOUR, drop, local_engine
from tests.support.sessions import SMALL, STARTING, SessionClient
from tests.support.waiting import PATIENCE, wait_for

OTHER = Hyperparameters(kind="lstm", hidden_sizes=(6, 5), letter_size=2, learning_rate=0.02)


def watched(engine: Engine, session_id: str = "ann") -> SessionClient:
    """A session in training that is watched."""
    session = SessionClient(engine, session_id)
    session.ask(SetWatched(watched=True))
    session.wait_for_steps()
    return session


def assert_refused(session: SessionClient, command: Command, code: str) -> None:
    with pytest.raises(UserError) as caught:
        session.ask(command)
    assert caught.value.code == code


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = local_engine(tmp_path, STARTING)
    yield engine
    engine.close()


@pytest.fixture
def session(engine: LocalEngine) -> SessionClient:
    return watched(engine)


def assert_same(
    before: tuple[Snapshot, ModelCheckpoint], after: tuple[Snapshot, ModelCheckpoint]
) -> None:
    """Assert that a later state of the session has the same network and history."""
    (then, saved), (now, back) = before, after
    np.testing.assert_array_equal(saved.model.params, back.model.params)
    assert back.sampler_state == saved.sampler_state
    for name in ("text", "options", "vocabulary", "weights", "sentences", "validation_sentences"):
        assert getattr(now.description, name) == getattr(then.description, name)
    for name in ("steps", "epoch", "points", "curve_version", "learning_rate", "perplexity"):
        assert getattr(now, name) == getattr(then, name)
    assert now.description.version > then.description.version  # so that every page receives it


def test_undo_and_redo_of_a_restart_are_exact(session: SessionClient) -> None:
    session.ask(SetParameters(learning_rate=0.004))
    wait_for(lambda: len(session.now.points) > 2)
    before = session.rest()
    assert before[0].undoable is None
    session.ask(Learn(text="quite another text\nof two lines", options=OTHER))
    assert session.now.undoable == "restart"
    wait_for(lambda: session.now.points)
    newer = session.rest()
    session.ask(Undo())
    assert session.now.undoable == "undo"
    assert session.now.status == "paused"
    assert_same(before, session.rest())
    session.ask(Undo())
    assert_same(newer, session.rest())
    session.ask(Resume())
    session.wait_for_steps()


def test_undo_of_a_load_is_exact(session: SessionClient) -> None:
    loaded = session.save()
    session.wait_for_steps(50)
    before = session.rest()
    session.ask(LoadModel(loaded))
    assert session.now.undoable == "load"
    session.ask(Undo())
    assert_same(before, session.rest())


def test_a_restored_network_trains_if_the_session_does(session: SessionClient) -> None:
    before, _ = session.rest()
    session.ask(STARTING)
    session.wait_for_steps()
    session.ask(Undo())
    assert session.now.status == "learning"
    wait_for(lambda: session.now.steps > before.steps)


def test_undo_updates_samples_and_prediction(session: SessionClient) -> None:
    session.ask(Learn(text="aaaa\nabab", options=SMALL))
    session.ask(Pause())
    prediction = wait_for(lambda: session.now.greedy)
    session.ask(Learn(text="xyxy\nxxyy", options=SMALL))
    session.ask(Pause())
    wait_for(lambda: set("".join(session.now.samples)) & set("xy"))
    session.ask(Undo())
    assert session.now.greedy == prediction
    assert set("".join(session.now.samples)) <= set("ab")


def test_undo_without_a_replaced_network_is_refused(session: SessionClient) -> None:
    steps = session.now.steps
    assert_refused(session, Undo(), "nothing_to_undo")
    assert session.now.steps >= steps
    session.wait_for_steps()


def test_a_refused_command_does_not_replace_the_undo_slot(session: SessionClient) -> None:
    too_large = Learn(text="two lines\nof text", options=Hyperparameters(hidden_sizes=(1000, 1000)))
    assert_refused(session, too_large, "network_too_large")
    assert session.now.undoable is None


def test_undo_keeps_one_network(session: SessionClient) -> None:
    session.ask(Learn(text="the second\ntext", options=SMALL))
    session.ask(Learn(text="the third\ntext", options=SMALL))
    session.ask(Undo())
    assert session.now.description.text.beginning == "the second\ntext"
    session.ask(Undo())
    assert session.now.description.text.beginning == "the third\ntext"


def test_undo_expires(
    session: SessionClient, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "UNDO_SECONDS", 0.1)
    session.ask(Learn(text="another\ntext", options=SMALL))
    session.ask(Pause())  # nothing but its own end can bring a frame now
    weights = session.now.description.weights

    def is_gone() -> bool:
        engine.pool.expire_undo()
        return session.now.undoable is None

    wait_for(is_gone)
    assert engine.weights == weights
    assert_refused(session, Undo(), "nothing_to_undo")


def test_undo_is_evicted_under_memory_pressure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "TICK_SECONDS", HOUR)  # or it would evict a session
    weights, size = TrainingRun.create(STARTING.text, STARTING.options, 0).footprint
    engine = local_engine(tmp_path, STARTING, limits=Limits(memory=4 * size))
    try:
        ann = watched(engine)
        ann.ask(STARTING)
        ann.ask(Pause())
        assert ann.now.undoable == "restart"
        assert engine.weights == 2 * weights
        for name in ("bob", "cid"):
            engine.open_session(name).result(PATIENCE)
        assert ann.now.undoable == "restart"
        engine.open_session("dot").result(PATIENCE)
        wait_for(lambda: ann.now.undoable is None)
        assert engine.weights == 4 * weights
        ann.ask(STARTING)
        assert ann.now.undoable is None  # there is no room to keep one
    finally:
        engine.close()


def test_undo_ends_with_its_session(session: SessionClient, engine: LocalEngine) -> None:
    session.ask(STARTING)
    assert engine.weights == 2 * session.now.description.weights
    drop(engine, "ann")
    wait_for(lambda: engine.weights == 0)


def test_undo_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "TICK_SECONDS", 0.02)

    engine = local_engine(tmp_path, STARTING)
    ann = watched(engine)
    ann.ask(Learn(text="the text\nthat stays", options=SMALL))
    assert ann.now.undoable == "restart"
    captured = ann.ask(CreateCheckpoint())
    assert isinstance(captured, Checkpoint)
    assert captured.text == "the text\nthat stays"
    assert engine.save_all().result(PATIENCE)
    engine.close()
    engine = local_engine(tmp_path, STARTING)
    try:
        ann = watched(engine)
        assert ann.now.description.text.beginning == "the text\nthat stays"
        assert ann.now.undoable is None
        assert_refused(ann, Undo(), "nothing_to_undo")
    finally:
        engine.close()


def test_undo_expires_in_persistent_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(spare, "UNDO_SECONDS", 0.3)
    engine = local_engine(tmp_path, STARTING)
    try:
        ann = watched(engine)
        ann.ask(STARTING)
        ann.ask(Pause())
        wait_for(lambda: ann.now.undoable is None)
        wait_for(lambda: engine.weights == ann.now.description.weights)
    finally:
        engine.close()


def test_undo_reaches_every_page(client: Client) -> None:
    one, other = client.open_tab(), client.open_tab()
    text = one.state["text"]
    assert one.state["undoable"] is None
    refused = one.ask("undo")
    assert (refused["ok"], refused["code"]) == (False, "nothing_to_undo")
    assert one.ask("learn", {"text": "my own\ntext", "options": {"hidden_sizes": "8"}})["ok"]
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["text"]["beginning"] == "my own\ntext")  # type: ignore[misc]
        assert tab.newest("undoable") == "restart"
    assert other.ask("undo") == {"ok": True}
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["text"] == text)  # type: ignore[misc]
        assert tab.newest("undoable") == "undo"
