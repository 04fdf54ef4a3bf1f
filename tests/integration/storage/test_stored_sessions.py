"""Sessions that outlive the process and its memory, with a real store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import keeper as keeper_module
from app.commands import Answer, Change, Command, Learn, Pause, Save, Watch
from app.errors import UserError
from app.keeper import Keeper, Keeping
from app.limits import Limits
from app.local_engine import LocalEngine
from app.options import Options
from app.snapshot import Snapshot
from app.store import Copied, Store, StoreError, default_url
from model.saved import SavedModel
from tests.support.checkpoints import checkpoint

PATIENCE = 60.0
SMALL = Options(hidden_sizes=(8,), letter_size=3)
STARTING = Learn("a first sentence\nand another", SMALL)
HOUR = 3600.0


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)
    return found


class House:
    """A keeper on a folder, which can be left and entered again as after a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keeper: Keeper

    def open(self, sessions: int = 100, keep: float = 24 * HOUR, **limits: int) -> Keeper:
        self.store = Store.open(default_url(self.folder))
        engine = LocalEngine(STARTING, 2, Limits(**limits))  # type: ignore[arg-type]
        self.keeper = Keeper(engine, self.store, STARTING, Keeping(sessions, HOUR, keep))
        return self.keeper

    def send_to_rest_after(self, unwatched: float) -> None:
        """From now on: what a test does before may take a busy machine any time."""
        self.keeper._keeping = replace(self.keeper._keeping, unwatched_seconds=unwatched)

    def close(self) -> None:
        self.keeper.close()

    def ask(self, session_id: str, command: Command) -> Answer:
        return self.keeper.command(session_id, command).result(PATIENCE)

    def now(self, session_id: str) -> Snapshot:
        snapshot = self.keeper.snapshot(session_id)
        assert snapshot is not None
        return snapshot

    def create(self, *session_ids: str) -> None:
        for session_id in session_ids:
            self.keeper.create(session_id).result(PATIENCE)

    def wait_for_steps(self, session_id: str, more: int = 1) -> None:
        steps = self.now(session_id).steps
        wait_for(lambda: self.now(session_id).steps >= steps + more)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(keeper_module, "CHECKPOINT_SECONDS", 0.2)
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 0.02)
    house = House(tmp_path)
    yield house
    house.close()


def model_of(answer: Answer) -> SavedModel:
    assert isinstance(answer, SavedModel)
    return answer


def test_a_saved_session_comes_back_as_it_was_and_learns_on(house: House) -> None:
    house.open()
    house.create("ann")
    house.ask("ann", Learn("my own text\nof two lines", SMALL))
    house.ask("ann", Change(learning_rate=0.003, temperature=0.5))
    house.wait_for_steps("ann", 500)
    wait_for(lambda: len(house.now("ann").points) > 3)
    assert house.keeper.save_all().result(PATIENCE)
    left = house.now("ann")
    weights = model_of(house.ask("ann", Save())).model.flat
    house.close()
    house.open()
    house.create("ann")
    back = house.now("ann")
    assert back.description == left.description
    assert (back.learning_rate, back.temperature) == (0.003, 0.5)
    assert back.points[: len(left.points)] == left.points
    assert back.steps >= left.steps
    assert back.status == "learning"
    assert back.saved_at is not None or wait_for(lambda: house.now("ann").saved_at)
    house.wait_for_steps("ann")
    assert weights.shape == model_of(house.ask("ann", Save())).model.flat.shape


def test_a_paused_session_comes_back_with_the_same_weights(house: House) -> None:
    house.open()
    house.create("ann")
    house.wait_for_steps("ann", 100)
    house.ask("ann", Pause())
    saved = model_of(house.ask("ann", Save()))
    wait_for(lambda: house.now("ann").saved_at)
    assert house.keeper.save_all().result(PATIENCE)
    house.close()
    house.open()
    house.create("ann")
    assert house.now("ann").status == "paused"
    back = model_of(house.ask("ann", Save()))
    np.testing.assert_array_equal(back.model.flat, saved.model.flat)
    assert back.solver is not None
    assert saved.solver is not None
    np.testing.assert_array_equal(back.solver.step_cache, saved.solver.step_cache)
    assert back.order == saved.order


def test_without_a_goodbye_at_most_a_moment_is_lost(house: House) -> None:
    house.open()
    house.create("ann")
    wait_for(lambda: house.now("ann").saved_at)
    steps = house.now("ann").steps
    wait_for(lambda: (stored := house.store.load("ann")) and stored.checkpoint.totals.steps > steps)


def test_a_new_network_and_a_pause_are_saved_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.open()
    house.create("ann")
    wait_for(lambda: house.now("ann").saved_at)
    monkeypatch.setattr(keeper_module, "CHECKPOINT_SECONDS", HOUR)
    house.ask("ann", Learn("quite new", SMALL))
    wait_for(lambda: (stored := house.store.load("ann")) and stored.checkpoint.text == "quite new")
    house.ask("ann", Pause())
    wait_for(lambda: (stored := house.store.load("ann")) and not stored.checkpoint.learning)


def test_who_was_on_a_machine_that_failed_is_told_how_much_is_lost(house: House) -> None:
    house.open()
    house.create("learns", "rests")
    house.ask("rests", Pause())
    wait_for(lambda: house.now("learns").saved_at and house.now("rests").saved_at)
    house.close()
    house.open()
    stored = house.store.load("learns")
    assert stored is not None
    for name, lost_at in (("learns", stored.saved_at + 4.2), ("rests", time.time()), ("new", 1.0)):
        house.keeper.take_over(name, lost_at).result(PATIENCE)

    def told(name: str) -> str:
        remark = wait_for(lambda: house.now(name).remarks)[0]
        assert remark.level == "warning"
        message: str = remark.message
        return message

    assert "4 seconds of training were lost" in told("learns")
    assert "nothing is lost" in told("rests")
    assert "a new one begins" in told("new")


def test_who_goes_on_elsewhere_is_not_written_any_more(tmp_path: Path) -> None:
    """Nor trained: the machine that lost them was only cut off."""
    here, there = (Store.open(default_url(tmp_path), holder=name) for name in ("here", "there"))
    keeper = Keeper(LocalEngine(STARTING, 1), here, STARTING, Keeping(10, HOUR, HOUR))
    keeper.create("ann").result(PATIENCE)
    keeper.command("ann", Learn("my own text", SMALL)).result(PATIENCE)
    wait_for(lambda: there.load("ann"))
    there.claim("ann")
    keeper.command("ann", Pause()).result(PATIENCE)
    wait_for(lambda: not keeper.holds("ann"))
    assert keeper.snapshot("ann") is None
    stored = there.load("ann")
    assert stored is not None
    assert stored.checkpoint.learning
    keeper.close()
    there.close()


def test_who_is_not_watched_goes_to_rest_and_comes_back(house: House) -> None:
    house.open()
    house.create("ann", "bob")
    for name in ("ann", "bob"):
        house.ask(name, Watch(watched=True))
    house.wait_for_steps("ann")
    house.keeper.command("ann", Watch(watched=False))
    house.send_to_rest_after(0.3)
    wait_for(lambda: house.keeper.snapshot("ann") is None)
    assert house.keeper.snapshot("bob") is not None
    with pytest.raises(UserError, match="reload"):
        house.ask("ann", Pause())
    stored = house.store.load("ann")
    assert stored is not None
    house.send_to_rest_after(HOUR)
    house.create("ann")
    assert house.now("ann").steps >= stored.checkpoint.totals.steps > 0


def test_the_least_recently_watched_makes_way_for_a_newcomer(house: House) -> None:
    house.open(sessions=2)
    house.create("ann", "bob")
    for name in ("bob", "ann"):
        house.ask(name, Watch(watched=True))
        house.ask(name, Watch(watched=False))
    house.create("eve")
    wait_for(lambda: house.keeper.snapshot("bob") is None)
    assert house.keeper.snapshot("ann") is not None
    assert house.store.load("bob") is not None


def test_a_full_house_says_so_and_sends_nobody_away(house: House) -> None:
    house.open(sessions=1)
    house.create("ann")
    house.ask("ann", Watch(watched=True))
    with pytest.raises(UserError, match="1 session"):
        house.create("bob")
    house.wait_for_steps("ann")


def test_all_networks_together_have_their_limit(house: House) -> None:
    house.open(total_weights=2000)
    house.create("ann")
    with pytest.raises(UserError, match="2,000") as refused:
        house.ask("ann", Learn("some text", Options(hidden_sizes=(50,))))
    assert refused.value.field == "hidden_sizes"
    assert house.now("ann").description.options == SMALL
    house.ask("ann", Learn("some text", SMALL))
    with pytest.raises(UserError, match="together"):
        house.create("bob", "cid", "dan", "eve", "fay")


def test_who_was_refused_for_want_of_room_takes_none(house: House) -> None:
    house.open(total_weights=2000)
    house.create("ann")
    before = house.keeper.weights
    with pytest.raises(UserError):
        house.ask("ann", Learn("some text", Options(hidden_sizes=(50,))))
    assert house.keeper.weights == before
    house.keeper.drop("ann")
    wait_for(lambda: house.keeper.weights == 0)


def test_a_store_that_fails_is_told_and_saving_comes_back(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper_module, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(keeper_module, "LAST_RETRY", 0.1)
    house.open()
    house.create("ann")
    wait_for(lambda: house.now("ann").saved_at)
    save = house.store.save

    def fail(*_: Any) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(house.store, "save", fail)
    wait_for(lambda: not house.now("ann").saving)
    assert "disk is full" in caplog.text
    house.wait_for_steps("ann")
    saved_at = house.now("ann").saved_at
    monkeypatch.setattr(house.store, "save", save)
    wait_for(lambda: house.now("ann").saving)
    assert house.now("ann").saved_at != saved_at


def test_who_cannot_be_fetched_is_told_and_not_replaced_by_a_new_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.open()
    house.create("ann")
    house.ask("ann", Learn("worth keeping", SMALL))
    assert house.keeper.save_all().result(PATIENCE)
    house.close()
    house.open()

    def fail(_session_id: str) -> None:
        raise StoreError("unreachable")

    load = house.store.load
    monkeypatch.setattr(house.store, "load", fail)
    with pytest.raises(UserError, match="store"):
        house.create("ann")
    monkeypatch.setattr(house.store, "load", load)
    house.create("ann")
    assert house.now("ann").description.text == "worth keeping"


def test_commands_given_before_the_session_has_arrived_are_carried_out_after(house: House) -> None:
    house.open()
    house.keeper.create("ann")
    house.ask("ann", Change(temperature=2.0))
    assert house.now("ann").temperature == 2.0


def test_what_nobody_touches_is_removed_from_the_store(house: House) -> None:
    house.open()
    house.create("ann")
    wait_for(lambda: house.now("ann").saved_at)
    assert house.keeper.save_all().result(PATIENCE)
    house.close()
    house.open(keep=0.5)
    wait_for(lambda: house.store.load("ann") is None)


def test_a_copy_that_nobody_opens_goes_after_its_owner_and_not_before(house: House) -> None:
    house.open()
    house.create("ann")
    wait_for(lambda: house.now("ann").saved_at)
    house.close()
    store = Store.open(default_url(house.folder))
    for owner in ("ann", "gone"):
        about = Copied(f"copy of {owner}", created_at=1, steps=1, sentences=1, perplexity=None)
        store.copies.keep(owner, checkpoint(owner), about, most=1)
    store.close()
    house.open()
    wait_for(lambda: not house.store.copies.has("copy of gone"))
    assert house.store.copies.has("copy of ann")
