"""What an engine does, whichever it is: everything here goes through the seam."""

from __future__ import annotations

import contextlib
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app import texts
from app.cluster.engine import RayEngine
from app.commands import (
    Answer,
    Capture,
    Change,
    Command,
    Complete,
    Learn,
    Load,
    LoadPretrained,
    NoteStored,
    Pause,
    Resume,
    Save,
    Watch,
)
from app.completion import Completion
from app.engine import Engine
from app.errors import UserError
from app.limits import Limits
from app.local_engine import LocalEngine
from app.options import Options
from app.snapshot import Snapshot
from model.saved import SavedModel, read_model

PATIENCE = 60.0
SMALL = Options(hidden_sizes=(8,), letter_size=3)
TEXT = "a first sentence\n  and another \n\nthe third is here"
STARTING = Learn(TEXT, SMALL)


class Client:
    """Asks an engine about one session, and waits for what comes."""

    def __init__(self, engine: Engine, session_id: str) -> None:
        self.engine, self.session_id = engine, session_id

    def ask(self, command: Command) -> Answer:
        return self.engine.command(self.session_id, command).result(PATIENCE)

    def save(self) -> SavedModel:
        saved = self.ask(Save())
        assert isinstance(saved, SavedModel)
        return saved

    def complete(self, asked: Complete) -> list[Completion]:
        """The completions, once all is compiled."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(UserError):
                found = self.ask(asked)
                assert isinstance(found, list)
                return found
            time.sleep(0.05)
        raise AssertionError("it was not answered")

    @property
    def now(self) -> Snapshot:
        snapshot = self.engine.snapshot(self.session_id)
        assert snapshot is not None
        return snapshot

    def wait_for(self, what: Callable[[Snapshot], Any]) -> Snapshot:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            snapshot = self.now
            if what(snapshot):
                return snapshot
            time.sleep(0.005)
        raise AssertionError("it did not come true")

    def wait_for_steps(self, more: int = 1) -> Snapshot:
        steps = self.now.steps
        return self.wait_for(lambda snapshot: snapshot.steps >= steps + more)


def local_engine() -> Engine:
    return LocalEngine(STARTING, threads=2)


def ray_engine() -> Engine:
    on_ray = pytest.importorskip("app.cluster.on_ray", exc_type=ImportError)
    # Nothing is kept: what is seen here is what the commands do, and nothing else.
    config = on_ray.NodeConfig(STARTING, Limits(), None, "", "text")
    cluster = on_ray.join("", 2, None, config)
    engine = RayEngine(cluster.directory, cluster.leave, is_ours=cluster.is_ours)
    assert engine.begin() == 1
    return engine


@pytest.fixture(scope="module", params=[local_engine, ray_engine])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine: Engine = request.param()
    yield engine
    engine.close()


@pytest.fixture
def new_client(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Client]]:
    """Makes sessions that are gone when the test is over."""
    made: list[str] = []

    def make(name: str = "ann") -> Client:
        session_id = f"{request.node.name}-{name}"
        made.append(session_id)
        engine.create(session_id).result(PATIENCE)
        return Client(engine, session_id)

    yield make
    for session_id in made:
        engine.drop(session_id)


@pytest.fixture
def client(new_client: Callable[[str], Client]) -> Client:
    """One session that learns, and is watched."""
    client = new_client("ann")
    client.ask(Watch(watched=True))
    client.wait_for_steps()
    return client


def test_a_new_session_learns_the_starting_text(client: Client) -> None:
    snapshot = client.wait_for(lambda now: now.points and now.samples)
    assert snapshot.status == "learning"
    assert snapshot.description.text == TEXT
    assert snapshot.description.options == SMALL
    assert set(snapshot.description.vocabulary) == set(TEXT) - {"\n"}
    assert snapshot.epoch == snapshot.steps / 3
    assert len(snapshot.samples) == 5


def test_a_session_that_is_there_is_not_made_again(engine: Engine, client: Client) -> None:
    steps = client.now.steps
    engine.create(client.session_id).result(PATIENCE)
    assert client.now.description.version == 1
    assert client.now.steps >= steps


def test_what_a_command_did_can_be_seen_when_it_is_answered(client: Client) -> None:
    client.ask(Change(learning_rate=0.003, temperature=0.7))
    assert (client.now.learning_rate, client.now.temperature) == (0.003, 0.7)
    client.ask(Pause())
    assert client.now.status == "paused"
    client.ask(Learn("other\ntext", SMALL))
    assert client.now.description.text == "other\ntext"
    assert client.now.status == "learning"


def test_a_paused_session_stands_still_and_resumes_from_there(client: Client) -> None:
    client.ask(Pause())
    before = client.now
    time.sleep(0.15)
    assert client.now == before
    client.ask(Resume())
    assert client.wait_for_steps().steps > before.steps


def test_commands_take_effect_in_their_order(client: Client) -> None:
    for rate in (0.1, 0.2, 0.3):
        last = client.engine.command(client.session_id, Change(learning_rate=rate))
    last.result(PATIENCE)
    assert client.now.learning_rate == 0.3


def test_a_new_temperature_is_heard_even_in_a_paused_session(client: Client) -> None:
    client.ask(Pause())
    before = client.now.samples
    client.ask(Change(temperature=10.0))
    assert client.now.samples != before


def test_samples_are_written_only_for_those_who_watch(client: Client) -> None:
    client.ask(Watch(watched=False))
    first = client.now.samples
    time.sleep(1.3)  # longer than the first samples are left to be seen
    assert client.now.samples == first
    client.ask(Watch(watched=True))
    client.wait_for(lambda now: now.samples != first)


def test_a_loaded_model_is_seen_as_it_was_saved_before_it_learns_on(client: Client) -> None:
    client.wait_for_steps(300)
    client.ask(Pause())
    greedy = client.now.greedy
    saved = client.save()
    client.ask(Learn("entirely\ndifferent", SMALL))
    client.ask(Learn(TEXT, SMALL))
    client.ask(Load(saved))
    assert client.now.greedy == greedy
    assert client.now.status == "learning"
    shown, until = client.now, time.monotonic() + 0.8
    while time.monotonic() < until:
        assert client.now.greedy == shown.greedy
        assert client.now.samples == shown.samples
        time.sleep(0.02)
    client.wait_for(lambda now: now.steps > 0)


def test_what_was_loaded_stays_as_it_was_given_and_can_be_loaded_again(client: Client) -> None:
    client.ask(Pause())
    saved = client.save()
    before = saved.model.flat.copy()
    saved.model.flat.flags.writeable = False  # as what another process has sent
    for _ in range(2):
        client.ask(Load(saved))
        client.ask(Resume())
        client.wait_for_steps()
        client.ask(Pause())
    np.testing.assert_array_equal(saved.model.flat, before)


def test_loading_keeps_a_paused_session_paused(client: Client) -> None:
    saved = client.save()
    client.ask(Pause())
    client.ask(Load(saved))
    assert client.now.status == "paused"
    assert client.now.steps == 0
    assert client.now.points == ()


def test_loading_keeps_what_was_set(client: Client) -> None:
    saved = client.save()
    client.ask(Learn(TEXT, Options(hidden_sizes=(4, 4), clip=2.0)))
    client.ask(Change(learning_rate=0.002, temperature=0.4))
    client.ask(Load(saved))
    assert (client.now.learning_rate, client.now.temperature) == (0.002, 0.4)
    assert client.now.description.options == Options(
        hidden_sizes=(8,), letter_size=3, learning_rate=0.002, clip=2.0
    )


def _keyed_by_position(saved: dict[str, Any]) -> None:
    for matrices in (saved["model"], saved["solver"]["step_cache"]):
        for matrix in matrices.values():
            matrix["w"] = {str(i): value for i, value in enumerate(matrix["w"])}


def _without_solver(saved: dict[str, Any]) -> None:
    del saved["solver"]


def _with_empty_cache(saved: dict[str, Any]) -> None:
    saved["solver"]["step_cache"] = {}


@pytest.mark.parametrize("dress", [_keyed_by_position, _without_solver, _with_empty_cache])
def test_models_load_in_every_dress_of_the_original(
    client: Client, dress: Callable[[dict[str, Any]], None]
) -> None:
    client.ask(Pause())
    saved = client.save().to_json()
    greedy = client.now.greedy
    dress(saved)
    client.ask(Load(read_model(saved)))
    assert client.now.greedy == greedy
    client.ask(Resume())
    client.wait_for_steps()


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (Learn("", SMALL), "text"),
        (Learn(" \n\n", SMALL), "text"),
        (Learn(TEXT, Options(hidden_sizes=(1000, 1000))), "hidden_sizes"),
        (Learn(TEXT, Options(hidden_sizes=(0,))), "hidden_sizes"),
        (LoadPretrained("no such model"), "name"),
        (Complete("a ZEBRA"), "prime"),
    ],
)
def test_what_cannot_be_done_changes_nothing(client: Client, command: Command, field: str) -> None:
    version = client.now.description.version
    with pytest.raises(UserError) as refused:
        client.ask(command)
    assert refused.value.field == field
    assert len(refused.value.message) > 20
    assert client.now.description.version == version
    client.wait_for_steps()


def test_sentences_that_a_loaded_model_cannot_read_are_left_out_and_named(client: Client) -> None:
    saved = client.save()
    client.ask(Learn(f"{TEXT}\nwho has a ZEBRA?", SMALL))
    client.ask(Load(saved))
    (remark,) = client.now.remarks
    assert "1 sentence" in remark.message
    assert "'Z'" in remark.message
    assert client.now.description.text.endswith("ZEBRA?")
    client.wait_for(lambda now: now.steps > 0 and now.epoch == now.steps / 3)


def test_a_model_that_can_read_no_sentence_is_refused(client: Client) -> None:
    saved = client.save()
    client.ask(Learn("ZEBRA\nXYLOPHON", SMALL))
    with pytest.raises(UserError, match="does not know"):
        client.ask(Load(saved))
    assert client.now.description.text == "ZEBRA\nXYLOPHON"
    client.wait_for_steps()


def test_a_beginning_is_gone_on_with_and_the_network_is_as_it_was(client: Client) -> None:
    client.ask(Pause())
    before = client.now
    for method in ("sample", "beam"):
        found = client.complete(Complete("a f", method))
        assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
        assert set("".join(each.text for each in found)) <= set(before.description.vocabulary)
    assert replace(client.now, seq=before.seq) == before


def test_two_sessions_have_nothing_in_common(new_client: Callable[[str], Client]) -> None:
    ann, bob = new_client("ann"), new_client("bob")
    bob.ask(Learn("bobs own text", SMALL))
    ann.ask(Change(temperature=3.0))
    assert ann.now.description.text == TEXT
    assert bob.now.temperature == 1
    ann.ask(Pause())
    bob.wait_for_steps()
    assert bob.now.status == "learning"


def test_many_sessions_all_learn_and_are_answered_while_they_do(
    engine: Engine, new_client: Callable[[str], Client]
) -> None:
    clients = [new_client(str(number)) for number in range(20)]

    def asked_all() -> list[int]:
        """Steps of each: an answer brings the newest along, a poll may be a second old."""
        answers: list[Future[Answer]] = [
            engine.command(client.session_id, Change(temperature=2.0)) for client in clients
        ]
        assert not wait(answers, PATIENCE).not_done
        return [client.now.steps for client in clients]

    before = asked_all()
    until = time.monotonic() + PATIENCE
    while sum(client.now.steps for client in clients) - sum(before) < 16_000 * len(clients):
        assert time.monotonic() < until  # it takes some rounds of turns
        time.sleep(0.01)
    shares = [after - steps for after, steps in zip(asked_all(), before, strict=True)]
    assert min(shares) >= 0.3 * sum(shares) / len(shares)


def test_a_wide_network_does_not_starve_a_narrow_one(
    new_client: Callable[[str], Client],
) -> None:
    wide, other, narrow = new_client("wide"), new_client("other"), new_client("narrow")
    for client in (wide, other):
        client.ask(Learn(texts.text(), Options(hidden_sizes=(300,))))
    narrow.wait_for_steps(5000)
    wide.wait_for_steps()


def test_a_dropped_session_is_gone(engine: Engine, client: Client) -> None:
    engine.drop(client.session_id)
    assert engine.snapshot(client.session_id) is None
    assert client.session_id not in engine.snapshots()
    with pytest.raises(UserError, match="reload"):
        client.ask(Pause())


def test_a_session_that_nobody_made_is_refused(engine: Engine) -> None:
    with pytest.raises(UserError):
        engine.command("nobody", Pause()).result(PATIENCE)
    assert engine.snapshot("nobody") is None


def test_commands_and_snapshots_can_travel(client: Client) -> None:
    commands = [
        STARTING,
        Pause(),
        Change(0.1, 2.0),
        Watch(watched=True),
        Save(),
        NoteStored(None),
        Complete("a", top_k=3),
    ]
    assert pickle.loads(pickle.dumps(commands)) == commands  # noqa: S301
    load = pickle.loads(pickle.dumps(Load(client.save())))  # noqa: S301
    assert client.ask(load) is None
    assert pickle.loads(pickle.dumps(client.ask(Capture()))).text == TEXT  # noqa: S301
    snapshot = client.now
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot  # noqa: S301
    refusal = pickle.loads(pickle.dumps(UserError("message", "field")))  # noqa: S301
    assert (refusal.message, refusal.field) == ("message", "field")


def test_text_beyond_the_basic_plane_survives_a_save_and_a_load(client: Client) -> None:
    client.ask(Learn("naïve 🙂 日本\n🙂", SMALL))
    client.ask(Pause())
    saved = client.save()
    greedy = client.now.greedy
    client.ask(Load(saved))
    assert client.now.greedy == greedy
    assert "🙂" in client.now.description.vocabulary
