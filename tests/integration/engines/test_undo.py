"""A network that was replaced a moment ago is brought back as it was, while there is room."""

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
from tests.support.engines import HOUR, drop, local_engine
from tests.support.sessions import SMALL, STARTING, Client
from tests.support.site import Visitor
from tests.support.waiting import PATIENCE, wait_for

OTHER = Hyperparameters(kind="lstm", hidden_sizes=(6, 5), letter_size=2, learning_rate=0.02)


def watched(engine: Engine, session_id: str = "ann") -> Client:
    """A session that learns, and is watched."""
    client = Client(engine, session_id)
    client.ask(SetWatched(watched=True))
    client.wait_for_steps()
    return client


def assert_refused(client: Client, command: Command, code: str) -> None:
    with pytest.raises(UserError) as caught:
        client.ask(command)
    assert caught.value.code == code


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = local_engine(tmp_path, STARTING)
    yield engine
    engine.close()


@pytest.fixture
def client(engine: LocalEngine) -> Client:
    return watched(engine)


def assert_same(
    before: tuple[Snapshot, ModelCheckpoint], after: tuple[Snapshot, ModelCheckpoint]
) -> None:
    """It is the same network with the same past, in a session that has gone on."""
    (then, saved), (now, back) = before, after
    np.testing.assert_array_equal(saved.model.params, back.model.params)
    assert back.sampler_state == saved.sampler_state
    for name in ("text", "options", "vocabulary", "weights", "sentences", "held_out_sentences"):
        assert getattr(now.description, name) == getattr(then.description, name)
    for name in ("steps", "epoch", "points", "curve_version", "learning_rate", "perplexity"):
        assert getattr(now, name) == getattr(then, name)
    assert now.description.version > then.description.version  # so that every tab is told of it


def test_a_restart_is_undone_exactly_and_redone_exactly(client: Client) -> None:
    client.ask(SetParameters(learning_rate=0.004))
    wait_for(lambda: len(client.now.points) > 2)
    before = client.rest()
    assert before[0].undoable is None
    client.ask(Learn(text="quite another text\nof two lines", options=OTHER))
    assert client.now.undoable == "restart"
    wait_for(lambda: client.now.points)
    newer = client.rest()
    client.ask(Undo())
    assert client.now.undoable == "undo"
    assert client.now.status == "paused"
    assert_same(before, client.rest())
    client.ask(Undo())
    assert_same(newer, client.rest())
    client.ask(Resume())
    client.wait_for_steps()


def test_a_load_is_undone_exactly(client: Client) -> None:
    loaded = client.save()
    client.wait_for_steps(50)
    before = client.rest()
    client.ask(LoadModel(loaded))
    assert client.now.undoable == "load"
    client.ask(Undo())
    assert_same(before, client.rest())


def test_what_is_brought_back_learns_if_the_session_does(client: Client) -> None:
    before, _ = client.rest()
    client.ask(STARTING)
    client.wait_for_steps()
    client.ask(Undo())
    assert client.now.status == "learning"
    wait_for(lambda: client.now.steps > before.steps)


def test_its_samples_and_prediction_follow_at_once(client: Client) -> None:
    client.ask(Learn(text="aaaa\nabab", options=SMALL))
    client.ask(Pause())
    prediction = wait_for(lambda: client.now.greedy)
    client.ask(Learn(text="xyxy\nxxyy", options=SMALL))
    client.ask(Pause())
    wait_for(lambda: set("".join(client.now.samples)) & set("xy"))
    client.ask(Undo())
    assert client.now.greedy == prediction
    assert set("".join(client.now.samples)) <= set("ab")


def test_undo_is_refused_where_nothing_was_replaced(client: Client) -> None:
    steps = client.now.steps
    assert_refused(client, Undo(), "nothing_to_undo")
    assert client.now.steps >= steps
    client.wait_for_steps()


def test_what_was_refused_replaces_nothing(client: Client) -> None:
    too_large = Learn(text="two lines\nof text", options=Hyperparameters(hidden_sizes=(1000, 1000)))
    assert_refused(client, too_large, "network_too_large")
    assert client.now.undoable is None


def test_only_the_last_one_is_kept(client: Client) -> None:
    client.ask(Learn(text="the second\ntext", options=SMALL))
    client.ask(Learn(text="the third\ntext", options=SMALL))
    client.ask(Undo())
    assert client.now.description.text == "the second\ntext"
    client.ask(Undo())
    assert client.now.description.text == "the third\ntext"


def test_it_is_removed_after_a_while_and_the_pages_are_told(
    client: Client, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "KEPT_SECONDS", 0.1)
    client.ask(Learn(text="another\ntext", options=SMALL))
    client.ask(Pause())  # nothing but its own end can bring a frame now
    weights = client.now.description.weights

    def is_gone() -> bool:
        engine.pool.expire_undo()
        return client.now.undoable is None

    wait_for(is_gone)
    assert engine.weights == weights
    assert_refused(client, Undo(), "nothing_to_undo")


def test_it_is_removed_when_another_visitor_needs_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "TICK_SECONDS", HOUR)  # or it would evict a session
    weights = TrainingRun.create(STARTING.text, STARTING.options, 0).model.num_parameters
    engine = local_engine(tmp_path, STARTING, limits=Limits(total_weights=4 * weights))
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


def test_it_goes_with_its_session(client: Client, engine: LocalEngine) -> None:
    client.ask(STARTING)
    assert engine.weights == 2 * client.now.description.weights
    drop(engine, "ann")
    wait_for(lambda: engine.weights == 0)


def test_checkpoints_know_nothing_of_it_and_it_ends_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        assert ann.now.description.text == "the text\nthat stays"
        assert ann.now.undoable is None
        assert_refused(ann, Undo(), "nothing_to_undo")
    finally:
        engine.close()


def test_sessions_with_a_store_remove_a_spare_network_that_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(spare, "KEPT_SECONDS", 0.3)
    engine = local_engine(tmp_path, STARTING)
    try:
        ann = watched(engine)
        ann.ask(STARTING)
        ann.ask(Pause())
        wait_for(lambda: ann.now.undoable is None)
        wait_for(lambda: engine.weights == ann.now.description.weights)
    finally:
        engine.close()


def test_every_page_is_told_and_any_of_them_can_undo(visitor: Visitor) -> None:
    one, other = visitor.open_tab(), visitor.open_tab()
    text = one.state["text"]
    assert one.state["undoable"] is None
    refused = one.ask("undo")
    assert (refused["ok"], refused["code"]) == (False, "nothing_to_undo")
    assert one.ask("learn", {"text": "my own\ntext", "options": {"hidden_sizes": "8"}})["ok"]
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["text"] == "my own\ntext")  # type: ignore[misc]
        assert tab.newest("undoable") == "restart"
    assert other.ask("undo") == {"ok": True}
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["text"] == text)  # type: ignore[misc]
        assert tab.newest("undoable") == "undo"
