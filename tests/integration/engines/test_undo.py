"""A network that was replaced a moment ago is brought back as it was, while there is room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import keeper as keeper_module
from app import spare
from app.commands import Capture, Change, Learn, Load, Pause, Resume, Save, Undo, Watch
from app.engine import Engine
from app.errors import UserError
from app.keeper import Keeper, Keeping
from app.limits import Limits
from app.local_engine import LocalEngine
from app.options import Options
from app.room import Room
from app.snapshot import Snapshot
from app.store import Store, default_url
from model.saved import SavedModel
from tests.support.client import Visitor

PATIENCE = 60.0
SMALL = Options(hidden_sizes=(8,), letter_size=3)
OTHER = Options(kind="lstm", hidden_sizes=(6, 5), letter_size=2, learning_rate=0.02)
STARTING = Learn("a first sentence\nand another", SMALL)
HOUR = 3600.0


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)
    return found


class Client:
    """Asks an engine about one session."""

    def __init__(self, engine: Engine, session_id: str = "ann") -> None:
        self.engine, self.session_id = engine, session_id
        engine.create(session_id).result(PATIENCE)
        self.ask(Watch(watched=True))
        self.wait_for_steps()

    def ask(self, command: Any) -> Any:
        return self.engine.command(self.session_id, command).result(PATIENCE)

    @property
    def now(self) -> Snapshot:
        snapshot = self.engine.snapshot(self.session_id)
        assert snapshot is not None
        return snapshot

    def undoable(self) -> str | None:
        return self.now.undoable

    def wait_for_steps(self, more: int = 1) -> None:
        steps = self.now.steps
        wait_for(lambda: self.now.steps >= steps + more)

    def rest(self) -> tuple[Snapshot, SavedModel]:
        """Pause, and see what is there."""
        self.ask(Pause())
        saved = self.ask(Save())
        assert isinstance(saved, SavedModel)
        return self.now, saved


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(STARTING, threads=2)
    yield engine
    engine.close()


@pytest.fixture
def client(engine: LocalEngine) -> Client:
    return Client(engine)


def assert_same(before: tuple[Snapshot, SavedModel], after: tuple[Snapshot, SavedModel]) -> None:
    """It is the same network with the same past, in a session that has gone on."""
    (then, saved), (now, back) = before, after
    np.testing.assert_array_equal(saved.model.flat, back.model.flat)
    assert back.order == saved.order
    for name in ("text", "options", "vocabulary", "weights", "sentences", "held_out_sentences"):
        assert getattr(now.description, name) == getattr(then.description, name)
    for name in ("steps", "epoch", "points", "curve_version", "learning_rate", "perplexity"):
        assert getattr(now, name) == getattr(then, name)
    assert now.description.version > then.description.version  # so that every tab is told of it


def test_a_restart_is_undone_exactly_and_redone_exactly(client: Client) -> None:
    client.ask(Change(learning_rate=0.004))
    wait_for(lambda: len(client.now.points) > 2)
    before = client.rest()
    assert before[0].undoable is None
    client.ask(Learn("quite another text\nof two lines", OTHER))
    assert client.undoable() == "restart"
    wait_for(lambda: client.now.points)
    newer = client.rest()
    client.ask(Undo())
    assert client.undoable() == "undo"
    assert client.now.status == "paused"
    assert_same(before, client.rest())
    client.ask(Undo())
    assert_same(newer, client.rest())
    client.ask(Resume())
    client.wait_for_steps()


def test_a_load_is_undone_exactly(client: Client) -> None:
    loaded = client.ask(Save())
    client.wait_for_steps(50)
    before = client.rest()
    client.ask(Load(loaded))
    assert client.undoable() == "load"
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
    client.ask(Learn("aaaa\nabab", SMALL))
    client.ask(Pause())
    prediction = wait_for(lambda: client.now.greedy)
    client.ask(Learn("xyxy\nxxyy", SMALL))
    client.ask(Pause())
    wait_for(lambda: set("".join(client.now.samples)) & set("xy"))
    client.ask(Undo())
    assert client.now.greedy == prediction
    assert set("".join(client.now.samples)) <= set("ab")


def test_where_nothing_was_replaced_it_is_said(client: Client) -> None:
    steps = client.now.steps
    with pytest.raises(UserError, match="no network to bring back"):
        client.ask(Undo())
    assert client.now.steps >= steps
    client.wait_for_steps()


def test_what_was_refused_has_replaced_nothing(client: Client) -> None:
    with pytest.raises(UserError):
        client.ask(Learn("two lines\nof text", Options(hidden_sizes=(1000, 1000))))
    assert client.undoable() is None


def test_only_the_last_one_is_kept(client: Client) -> None:
    client.ask(Learn("the second\ntext", SMALL))
    client.ask(Learn("the third\ntext", SMALL))
    client.ask(Undo())
    assert client.now.description.text == "the second\ntext"
    client.ask(Undo())
    assert client.now.description.text == "the third\ntext"


def test_it_is_let_go_after_a_while_and_the_pages_hear_of_it(
    client: Client, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "KEPT_SECONDS", 0.1)
    client.ask(Learn("another\ntext", SMALL))
    client.ask(Pause())  # nothing but its own end can bring a frame now
    weights = client.now.description.weights

    def is_gone() -> bool:
        engine.tidy()
        return client.undoable() is None

    wait_for(is_gone)
    assert engine.room.weights == weights
    with pytest.raises(UserError, match="no network to bring back"):
        client.ask(Undo())


def test_it_makes_way_for_a_visitor_who_needs_its_room() -> None:
    weights = Client(engine := LocalEngine(STARTING, threads=2)).now.description.weights
    engine.close()
    engine = LocalEngine(STARTING, 2, Limits(total_weights=4 * weights))
    try:
        ann = Client(engine, "ann")
        ann.ask(STARTING)
        ann.ask(Pause())
        assert ann.undoable() == "restart"
        assert engine.room.weights == 2 * weights
        for name in ("bob", "cid"):
            engine.create(name).result(PATIENCE)
        assert ann.undoable() == "restart"
        engine.create("dot").result(PATIENCE)
        wait_for(lambda: ann.undoable() is None)
        assert engine.room.weights == 4 * weights
        ann.ask(STARTING)
        assert ann.undoable() is None  # there is no room to keep one
    finally:
        engine.close()


def test_it_goes_with_its_session(client: Client, engine: LocalEngine) -> None:
    client.ask(STARTING)
    assert engine.room.weights == 2 * client.now.description.weights
    engine.drop("ann")
    wait_for(lambda: engine.room.weights == 0)


class Kept:
    """A spare network of so many weights."""

    def __init__(self, weights: int) -> None:
        self.weights, self.until = weights, HOUR
        self.is_here = True

    def let_go(self) -> None:
        self.is_here = False


def test_the_oldest_spare_networks_make_way_and_no_more_than_have_to() -> None:
    told: list[object] = []
    room = Room(100, 1000, told.append)
    spares = {name: Kept(100) for name in "abc"}
    for name, each in spares.items():
        room.take(name, 100, None)
        room.spare(name, each)
    assert room.weights == 600
    for name in "defg":
        room.take(name, 100, None)
    assert [name for name, each in spares.items() if not each.is_here] == []
    room.take("h", 100, None)
    assert told == ["a"]
    assert [name for name, each in spares.items() if not each.is_here] == ["a"]
    assert room.weights == 1000


def test_a_room_that_is_short_keeps_no_spare_network() -> None:
    told: list[object] = []
    room = Room(100, 400, told.append)
    for name in "abc":
        room.take(name, 100, None)
    kept = Kept(100)
    room.spare("a", kept)
    assert not kept.is_here
    assert told == []  # its holder knows from its own turn
    assert room.weights == 300


def test_checkpoints_know_nothing_of_it_and_it_ends_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 0.02)

    def opened() -> Keeper:
        store = Store.open(default_url(tmp_path))
        return Keeper(LocalEngine(STARTING, 2), store, STARTING, Keeping(10, HOUR, HOUR))

    keeper = opened()
    ann = Client(keeper)
    ann.ask(Learn("the text\nthat stays", SMALL))
    assert ann.undoable() == "restart"
    assert ann.ask(Capture()).text == "the text\nthat stays"
    assert keeper.save_all().result(PATIENCE)
    keeper.close()
    keeper = opened()
    try:
        ann = Client(keeper)
        assert ann.now.description.text == "the text\nthat stays"
        assert ann.undoable() is None
        with pytest.raises(UserError, match="no network to bring back"):
            ann.ask(Undo())
    finally:
        keeper.close()


def test_the_keeper_lets_go_of_what_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(spare, "KEPT_SECONDS", 0.3)
    store = Store.open(default_url(tmp_path))
    keeper = Keeper(LocalEngine(STARTING, 2), store, STARTING, Keeping(10, HOUR, HOUR))
    try:
        ann = Client(keeper)
        ann.ask(STARTING)
        ann.ask(Pause())
        wait_for(lambda: ann.undoable() is None)
        wait_for(lambda: keeper.weights == ann.now.description.weights)
    finally:
        keeper.close()


def test_every_tab_is_told_and_any_of_them_can_undo(visitor: Visitor) -> None:
    one, other = visitor.open_tab(), visitor.open_tab()
    text = one.state["text"]
    assert one.state["undoable"] is None
    refused = one.ask("undo")
    assert not refused["ok"]
    assert "no network to bring back" in refused["error"]
    assert one.ask("learn", {"text": "my own\ntext", "options": {"hidden_sizes": "8"}})["ok"]
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["text"] == "my own\ntext")  # type: ignore[misc]
        assert tab.newest("undoable") == "restart"
    assert other.ask("undo") == {"ok": True}
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["text"] == text)  # type: ignore[misc]
        assert tab.newest("undoable") == "undo"
        assert "undoable" not in tab.next_frame()
