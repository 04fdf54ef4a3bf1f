"""Persistence of sessions, with a real store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engines import checkpoint_writer, persistence
from app.engines.local import LocalEngine
from app.engines.persistence import RetentionPolicy
from app.engines.session_loader import failover_notice
from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.limits import Limits
from app.protocol.requests import Learn, Pause, Resume, Save, SetParameters
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.session import Session
from app.sessions.snapshot import Snapshot
from app.storage import ShareInfo, Store, StoredSession, StoreError, default_url, expiry
from model.formats.checkpoint import ModelCheckpoint
from tests.support.checkpoints import checkpoint
from tests.support.engines import HOUR, local_engine
from tests.support.sessions import SMALL, STARTING
from tests.support.waiting import PATIENCE, wait_for


class Server:
    """An engine with a store in a folder; it can be closed and reopened, as after a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine: LocalEngine

    def open(self, sessions: int = 100, keep: float = 24 * HOUR, **limits: int) -> LocalEngine:
        self.store = Store.open(default_url(self.folder))
        self.engine = local_engine(
            self.store,
            limits=Limits(**limits),  # type: ignore[arg-type]
            policy=RetentionPolicy(sessions, HOUR, keep),
        )
        return self.engine

    def evict_after(self, unwatched: float) -> None:
        """Evict unwatched sessions after this time, from now on."""
        keeping = self.engine.persistence
        keeping._policy = replace(keeping._policy, unwatched_seconds=unwatched)

    def close(self) -> None:
        self.engine.close()

    def ask(self, session_id: str, command: Command) -> Answer:
        return self.engine.submit(session_id, command).result(PATIENCE)

    def now(self, session_id: str) -> Snapshot:
        snapshot = self.engine.snapshot(session_id)
        assert snapshot is not None
        return snapshot

    def create(self, *session_ids: str) -> None:
        for session_id in session_ids:
            self.engine.open_session(session_id).result(PATIENCE)

    def wait_for_steps(self, session_id: str, more: int = 1) -> None:
        steps = self.now(session_id).steps
        wait_for(lambda: self.now(session_id).steps >= steps + more)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(persistence, "CHECKPOINT_SECONDS", 0.2)
    monkeypatch.setattr(persistence, "TICK_SECONDS", 0.02)
    server = Server(tmp_path)
    yield server
    server.close()


def assert_refused(ask: Callable[[], object], code: str, field: str | None = None) -> None:
    with pytest.raises(UserError) as caught:
        ask()
    assert (caught.value.code, caught.value.field) == (code, field)


def model_of(answer: Answer) -> ModelCheckpoint:
    assert isinstance(answer, ModelCheckpoint)
    return answer


def test_a_saved_session_is_restored_and_trains(server: Server) -> None:
    server.open()
    server.create("ann")
    server.ask("ann", Learn(text="my own text\nof two lines", options=SMALL))
    server.ask("ann", SetParameters(learning_rate=0.003, temperature=0.5))
    server.wait_for_steps("ann", 100)
    wait_for(lambda: len(server.now("ann").points) > 1)
    assert server.engine.save_all().result(PATIENCE)
    left = server.now("ann")
    weights = model_of(server.ask("ann", Save())).model.params
    server.close()
    server.open()
    server.create("ann")
    back = server.now("ann")
    assert back.description == left.description
    assert (back.learning_rate, back.temperature) == (0.003, 0.5)
    assert back.points[: len(left.points)] == left.points
    assert back.steps >= left.steps
    assert back.status == "learning"
    assert back.saved_at is not None or wait_for(lambda: server.now("ann").saved_at)
    server.wait_for_steps("ann")
    assert weights.shape == model_of(server.ask("ann", Save())).model.params.shape


def test_a_paused_session_is_restored_exactly(server: Server) -> None:
    server.open()
    server.create("ann")
    server.wait_for_steps("ann", 100)
    server.ask("ann", Pause())
    saved = model_of(server.ask("ann", Save()))
    wait_for(lambda: server.now("ann").saved_at)
    assert server.engine.save_all().result(PATIENCE)
    server.close()
    server.open()
    server.create("ann")
    assert server.now("ann").status == "paused"
    back = model_of(server.ask("ann", Save()))
    np.testing.assert_array_equal(back.model.params, saved.model.params)
    assert back.optimizer is not None
    assert saved.optimizer is not None
    np.testing.assert_array_equal(back.optimizer.square_avg, saved.optimizer.square_avg)
    assert back.sampler_state == saved.sampler_state


def test_a_training_session_is_saved_periodically(server: Server) -> None:
    server.open()
    server.create("ann")
    wait_for(lambda: server.now("ann").saved_at)
    steps = server.now("ann").steps
    wait_for(
        lambda: (stored := server.store.load("ann")) and stored.checkpoint.totals.steps > steps
    )


def test_a_new_network_and_a_pause_are_saved_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.open()
    server.create("ann")
    wait_for(lambda: server.now("ann").saved_at)
    monkeypatch.setattr(persistence, "CHECKPOINT_SECONDS", HOUR)
    server.ask("ann", Learn(text="quite new", options=SMALL))
    wait_for(lambda: (stored := server.store.load("ann")) and stored.checkpoint.text == "quite new")
    server.ask("ann", Pause())
    wait_for(lambda: (stored := server.store.load("ann")) and not stored.checkpoint.learning)


def test_a_failover_notice_reports_the_lost_training(server: Server) -> None:
    server.open()
    server.create("learns", "rests")
    server.ask("rests", Pause())
    wait_for(lambda: server.now("learns").saved_at and server.now("rests").saved_at)
    server.close()
    server.open()
    for name, code in (
        ("learns", "machine_lost"),
        ("rests", "machine_lost_paused"),
        ("new", "machine_lost_unsaved"),
    ):
        server.engine.adopt(name, time.time()).result(PATIENCE)
        [remark] = wait_for(lambda name=name: server.now(name).notices)  # type: ignore[misc]
        assert (remark.level, remark.code) == ("warning", code)


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, "1"), (1.4, "1"), (4.2, "4")])
def test_a_failover_notice_has_whole_seconds(seconds: float, shown: str) -> None:
    stored = StoredSession(checkpoint(), saved_at=100.0)
    lost = failover_notice(stored, 100.0 + seconds).notice.values["lost"]
    assert str(lost).split()[0] == shown


def test_a_session_taken_over_is_neither_saved_nor_trained(
    tmp_path: Path,
) -> None:
    """The machine that lost the session was only unreachable."""
    here, there = (
        Store.open(default_url(tmp_path), lease_owner=name) for name in ("here", "there")
    )
    engine = local_engine(here, threads=1)
    engine.open_session("ann").result(PATIENCE)
    engine.submit("ann", Learn(text="my own text", options=SMALL)).result(PATIENCE)
    wait_for(lambda: there.load("ann"))
    there.claim("ann")
    engine.submit("ann", Pause()).result(PATIENCE)
    wait_for(lambda: not engine.has_session("ann"))
    assert engine.snapshot("ann") is None
    stored = there.load("ann")
    assert stored is not None
    assert stored.checkpoint.learning
    engine.close()
    there.close()


def test_an_unwatched_session_is_evicted_and_restored(server: Server) -> None:
    server.open()
    server.create("ann", "bob")
    for name in ("ann", "bob"):
        server.ask(name, SetWatched(watched=True))
    server.wait_for_steps("ann")
    server.engine.submit("ann", SetWatched(watched=False))
    server.evict_after(0.3)
    wait_for(lambda: server.engine.snapshot("ann") is None)
    assert server.engine.snapshot("bob") is not None
    assert_refused(lambda: server.ask("ann", Pause()), "session_gone")
    stored = server.store.load("ann")
    assert stored is not None
    server.evict_after(HOUR)
    server.create("ann")
    assert server.now("ann").steps >= stored.checkpoint.totals.steps > 0


def test_an_opened_session_is_not_evicted_before_it_is_watched(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the page would wait forever for its first state."""
    monkeypatch.setattr(persistence, "CONNECT_SECONDS", HOUR)
    server.open()
    server.create("ann", "bob")
    server.ask("bob", SetWatched(watched=True))
    server.ask("bob", SetWatched(watched=False))
    server.evict_after(0)
    wait_for(lambda: server.engine.snapshot("bob") is None)
    server.ask("ann", SetWatched(watched=True))
    server.ask("ann", SetWatched(watched=False))
    wait_for(lambda: server.engine.snapshot("ann") is None)


def test_the_least_recently_watched_session_is_evicted(server: Server) -> None:
    server.open(sessions=2)
    server.create("ann", "bob")
    for name in ("bob", "ann"):
        server.ask(name, SetWatched(watched=True))
        server.ask(name, SetWatched(watched=False))
    server.create("eve")
    wait_for(lambda: server.engine.snapshot("bob") is None)
    assert server.engine.snapshot("ann") is not None
    assert server.store.load("bob") is not None


def test_watched_sessions_are_not_evicted(
    server: Server,
) -> None:
    server.open(sessions=1)
    server.create("ann")
    server.ask("ann", SetWatched(watched=True))
    assert_refused(lambda: server.create("bob"), "server_full")
    server.wait_for_steps("ann")


def test_memory_limit(server: Server) -> None:
    server.open(memory=500_000)
    server.create("ann")
    too_large = Learn(text="some text", options=Hyperparameters(hidden_sizes=(50,)))
    assert_refused(lambda: server.ask("ann", too_large), "memory_full", "hidden_sizes")
    assert server.now("ann").description.options == SMALL
    server.ask("ann", Learn(text="some text", options=SMALL))
    many = ("bob", "cid", "dan", "eve", "fay")
    assert_refused(lambda: server.create(*many), "memory_full", "hidden_sizes")


def test_a_refused_network_reserves_no_memory(server: Server) -> None:
    server.open(memory=500_000)
    server.create("ann")
    before = server.engine.weights
    too_large = Learn(text="some text", options=Hyperparameters(hidden_sizes=(50,)))
    assert_refused(lambda: server.ask("ann", too_large), "memory_full", "hidden_sizes")
    assert server.engine.weights == before


def test_a_failing_store_shows_in_the_snapshot(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checkpoint_writer, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(checkpoint_writer, "MAX_RETRY", 0.1)
    server.open()
    server.create("ann")
    wait_for(lambda: server.now("ann").saved_at)
    server.create("rests")
    server.ask("rests", Pause())
    wait_for(lambda: server.now("rests").saved_at)
    wait_for(lambda: server.engine.pool.get("rests").saved == server.now("rests").revision)
    save = server.store.save

    def fail(*_: Any) -> None:
        raise StoreError("reason 4711")

    monkeypatch.setattr(server.store, "save", fail)
    wait_for(lambda: not server.now("ann").saving)
    server.ask("rests", SetWatched(watched=False))  # after what was posted to it before
    assert server.now("rests").saving, "its newest state is in the store"
    assert "4711" in caplog.text
    server.wait_for_steps("ann")
    saved_at = server.now("ann").saved_at
    monkeypatch.setattr(server.store, "save", save)
    wait_for(lambda: server.now("ann").saving)
    assert server.now("ann").saved_at != saved_at


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreError("unreachable"), "store_unreachable"), (ZeroDivisionError(), "unexpected")],
)
def test_a_session_that_cannot_be_loaded_is_not_replaced(
    server: Server, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    server.open()
    server.store.save([checkpoint("ann", text="cab\nabc")], at=time.time())

    def fail(_session_id: str) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(server.store, "load", fail)
        assert_refused(lambda: server.create("ann"), code)
    server.create("ann")
    assert server.now("ann").description.text.beginning == "cab\nabc"


@pytest.fixture
def arrive(server: Server, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A server that loads no session until this event is set."""
    server.open()
    arrive, load = threading.Event(), server.store.load

    def load_later(session_id: str) -> StoredSession | None:
        assert arrive.wait(PATIENCE)
        return load(session_id)

    monkeypatch.setattr(server.store, "load", load_later)
    return arrive


def test_commands_wait_until_the_session_is_loaded(server: Server, arrive: threading.Event) -> None:
    created = server.engine.open_session("ann")
    changed = server.engine.submit("ann", SetParameters(temperature=2.0))
    too_large = Learn(text="some text", options=Hyperparameters(hidden_sizes=(1000, 1000)))
    refused = server.engine.submit("ann", too_large)
    assert server.engine.open_session("ann") is created
    arrive.set()
    assert created.result(PATIENCE) is None
    assert changed.result(PATIENCE) is None
    assert server.now("ann").temperature == 2.0
    assert_refused(lambda: refused.result(PATIENCE), "network_too_large", "hidden_sizes")


def test_a_stopping_engine_opens_no_session(server: Server) -> None:
    server.open()
    server.create("ann")
    assert server.engine.save_all().result(PATIENCE)
    assert_refused(lambda: server.create("bob"), "server_stopping")


def test_more_sessions_than_are_captured_together_are_all_saved(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_writer, "MAX_BATCH_SESSIONS", 2)
    server.open()
    names = ("ann", "bob", "cid")
    server.create(*names)
    assert server.engine.save_all().result(PATIENCE)
    for name in names:
        assert server.store.load(name) is not None


def test_a_session_that_is_not_touched_for_long_is_removed_from_the_store(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.open()
    server.create("ann")
    wait_for(lambda: server.now("ann").saved_at)
    assert server.engine.save_all().result(PATIENCE)
    server.close()
    monkeypatch.setattr(expiry, "GRACE_SECONDS", 0.1)
    server.open(keep=0.5)
    wait_for(lambda: server.store.load("ann") is None)


def test_a_copy_is_removed_after_its_owner_and_not_before(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.open()
    server.create("ann")
    wait_for(lambda: server.now("ann").saved_at)
    server.close()
    store = Store.open(default_url(server.folder))
    for owner in ("ann", "gone"):
        about = ShareInfo(f"copy of {owner}", created_at=1, steps=1, sentences=1, perplexity=None)
        store.shares.save(owner, checkpoint(owner), about, limit=1)
    store.close()
    monkeypatch.setattr(expiry, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(persistence, "PURGE_SECONDS", 0.05)
    server.open(keep=HOUR)
    wait_for(lambda: not server.store.shares.has("copy of gone"))
    assert server.store.shares.has("copy of ann")


def test_a_slow_session_does_not_keep_the_others_from_being_saved(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.open()
    server.create("slow", "quick")
    go, begun, train = threading.Event(), threading.Event(), Session.train

    def block(self: Session, seconds: float) -> None:
        if self.session_id == "slow":
            begun.set()
            assert go.wait(PATIENCE)
        train(self, seconds)

    monkeypatch.setattr(checkpoint_writer, "PROMPT_SECONDS", 0.05)
    monkeypatch.setattr(Session, "train", block)
    assert begun.wait(PATIENCE)
    server.wait_for_steps("quick")
    saving = server.engine.save_all()
    wait_for(lambda: (stored := server.store.load("quick")) and stored.checkpoint.totals.steps)
    assert not saving.done()
    go.set()
    assert saving.result(PATIENCE)
    assert server.store.load("slow") is not None


def test_a_network_over_a_lowered_limit_can_be_seen_and_saved_but_not_trained(
    server: Server,
) -> None:
    server.open()
    server.create("ann")
    server.wait_for_steps("ann")
    weights = server.now("ann").description.weights
    assert server.engine.save_all().result(PATIENCE)
    server.close()
    server.open(weights=weights - 1, memory=1, text=1)
    server.create("ann")
    assert server.now("ann").status == "paused"
    [notice] = wait_for(lambda: server.now("ann").notices)
    assert notice.code == "network_over_limit"
    assert model_of(server.ask("ann", Save())).model.num_parameters == weights
    assert_refused(lambda: server.ask("ann", Resume()), "network_too_large")
    assert_refused(lambda: server.ask("ann", STARTING), "network_too_large", "hidden_sizes")
