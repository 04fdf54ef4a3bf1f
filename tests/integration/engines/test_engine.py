"""Behaviour of every engine, tested by its interface."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.catalog.presets import START_TEMPERATURE
from app.engines.base import Engine
from app.engines.cluster.engine import RayEngine
from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.inspection import UnitsRequest
from app.protocol.limits import Limits
from app.protocol.requests import (
    Complete,
    Learn,
    LoadPretrained,
    Pause,
    Resume,
    Save,
    SetParameters,
)
from app.protocol.results import Completion
from app.sessions.commands import Answer, CreateCheckpoint, LoadModel, MarkSaved, SetWatched
from app.storage import default_url
from tests.support.engines import RETENTION, local_engine
from tests.support.sessions import SMALL, SessionClient
from tests.support.waiting import PATIENCE, wait_for

TEXT = "a first sentence\n  and another \n\nthe third is here"
STARTING = Learn(text=TEXT, options=SMALL)


def completions(client: SessionClient, command: Complete) -> list[Completion]:
    """The completions, once the kernels are compiled."""

    def answer() -> list[Completion] | None:
        try:
            found = client.ask(command)
        except UserError as error:
            if error.code != "compiling":
                raise
            return None
        assert isinstance(found, dict)
        return found["completions"]

    found = wait_for(answer)
    assert found is not None
    return found


def ray_engine(folder: Path, starting: Learn) -> Engine:
    on_ray = pytest.importorskip("app.engines.cluster.ray_backend", exc_type=ImportError)
    config = on_ray.NodeConfig(starting, Limits(), RETENTION, default_url(folder), "text")
    cluster = on_ray.join("", 2, None, config)
    engine = RayEngine(cluster.directory, cluster.leave, is_ours=cluster.is_ours)
    assert engine.begin() == 1
    return engine


@pytest.fixture(
    scope="module", params=[local_engine, pytest.param(ray_engine, marks=pytest.mark.extended)]
)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    engine: Engine = request.param(tmp_path_factory.mktemp("engine"), STARTING)
    yield engine
    engine.close()


@pytest.fixture
def new_client(
    engine: Engine, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], SessionClient]]:
    """Makes sessions that are dropped after the test."""
    made: list[str] = []

    def make(name: str = "ann") -> SessionClient:
        session_id = f"{request.node.name}-{name}"
        made.append(session_id)
        return SessionClient(engine, session_id)

    yield make
    for session_id in made:
        engine.submit(session_id, Pause()).result(PATIENCE)


@pytest.fixture
def client(new_client: Callable[[str], SessionClient]) -> SessionClient:
    """A session in training that is watched."""
    client = new_client("ann")
    client.ask(SetWatched(watched=True))
    client.wait_for_steps()
    return client


def test_a_new_session_learns_the_starting_text(client: SessionClient) -> None:
    snapshot = client.wait_for(lambda now: now.points and now.samples)
    assert snapshot.status == "learning"
    assert snapshot.description.text.beginning == TEXT
    assert snapshot.description.options == SMALL
    assert set(snapshot.description.vocabulary) == set(TEXT) - {"\n"}
    assert snapshot.epoch == snapshot.steps / 3
    assert len(snapshot.samples) == 5


def test_open_session_is_idempotent(engine: Engine, client: SessionClient) -> None:
    steps = client.now.steps
    engine.open_session(client.session_id).result(PATIENCE)
    assert client.now.description.version == 1
    assert client.now.steps >= steps


def test_an_answered_command_shows_in_the_snapshot(client: SessionClient) -> None:
    client.ask(SetParameters(learning_rate=0.003, temperature=0.7))
    assert (client.now.learning_rate, client.now.temperature) == (0.003, 0.7)
    client.ask(Pause())
    assert client.now.status == "paused"
    client.ask(Learn(text="other\ntext", options=SMALL))
    assert client.now.description.text.beginning == "other\ntext"
    assert client.now.status == "learning"


def test_pause_and_resume(
    client: SessionClient, new_client: Callable[[str], SessionClient]
) -> None:
    client.ask(Pause())
    before = client.now
    new_client("bob").wait_for_steps(1000)  # in many time slices
    now = replace(client.now, seq=before.seq, saved_at=before.saved_at)
    assert now == before
    client.ask(Resume())
    client.wait_for_steps()


def test_commands_run_in_order(client: SessionClient) -> None:
    for rate in (0.1, 0.2, 0.3):
        last = client.engine.submit(client.session_id, SetParameters(learning_rate=rate))
    last.result(PATIENCE)
    assert client.now.learning_rate == 0.3


def test_temperature_changes_samples_of_a_paused_session(client: SessionClient) -> None:
    client.ask(Pause())
    before = client.now.samples
    client.ask(SetParameters(temperature=10.0))
    assert client.now.samples != before


def test_load_does_not_modify_the_loaded_model(
    client: SessionClient,
) -> None:
    client.ask(Pause())
    saved = client.save()
    before = saved.model.params.copy()
    saved.model.params.flags.writeable = False  # as what another process has sent
    for _ in range(2):
        client.ask(LoadModel(saved))
        client.ask(Resume())
        client.wait_for_steps()
        client.ask(Pause())
    np.testing.assert_array_equal(saved.model.params, before)


def test_load_keeps_a_session_paused(client: SessionClient) -> None:
    saved = client.save()
    client.ask(Pause())
    client.ask(LoadModel(saved))
    assert client.now.status == "paused"
    assert client.now.steps == 0
    assert client.now.points == ()


def test_load_keeps_learning_rate_and_temperature(client: SessionClient) -> None:
    saved = client.save()
    client.ask(Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(4, 4), clip=2.0)))
    client.ask(SetParameters(learning_rate=0.002, temperature=0.4))
    client.ask(LoadModel(saved))
    assert (client.now.learning_rate, client.now.temperature) == (0.002, 0.4)
    assert client.now.description.options == Hyperparameters(
        hidden_sizes=(8,), letter_size=3, learning_rate=0.002, clip=2.0
    )


def test_a_refused_command_changes_nothing(client: SessionClient) -> None:
    version = client.now.description.version
    for command, code, field in (
        (
            Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(1000, 1000))),
            "network_too_large",
            "hidden_sizes",
        ),
        (LoadPretrained(name="no such model"), "unknown_pretrained", "name"),
    ):
        with pytest.raises(UserError) as caught:
            client.ask(command)
        assert (caught.value.code, caught.value.field) == (code, field)
    assert client.now.description.version == version
    client.wait_for_steps()


def test_load_omits_sentences_outside_the_vocabulary(
    client: SessionClient,
) -> None:
    saved = client.save()
    client.ask(Learn(text=f"{TEXT}\nwho has a ZEBRA?", options=SMALL))
    client.ask(LoadModel(saved))
    (remark,) = client.now.notices
    assert (remark.level, remark.code) == ("warning", "sentences_skipped")
    assert "'Z'" in remark.message
    assert client.now.description.text.beginning.endswith("ZEBRA?")
    client.wait_for(lambda now: now.steps > 0 and now.epoch == now.steps / 3)


def test_load_without_a_usable_sentence_is_refused(client: SessionClient) -> None:
    saved = client.save()
    client.ask(Learn(text="ZEBRA\nXYLOPHON", options=SMALL))
    with pytest.raises(UserError) as caught:
        client.ask(LoadModel(saved))
    assert (caught.value.code, caught.value.field) == ("text_unreadable", "json")
    assert client.now.description.text.beginning == "ZEBRA\nXYLOPHON"
    client.wait_for_steps()


def test_complete_does_not_change_the_network(client: SessionClient) -> None:
    client.ask(Pause())
    before = client.now
    for method in ("sample", "beam"):
        found = completions(client, Complete(prime="a f", method=method))
        assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
        assert set("".join(each["text"] for each in found)) <= set(before.description.vocabulary)
    assert replace(client.now, seq=before.seq) == before


def test_sessions_are_independent(new_client: Callable[[str], SessionClient]) -> None:
    ann, bob = new_client("ann"), new_client("bob")
    bob.ask(Learn(text="bobs own text", options=SMALL))
    ann.ask(SetParameters(temperature=3.0))
    assert ann.now.description.text.beginning == TEXT
    assert bob.now.temperature == START_TEMPERATURE
    ann.ask(Pause())
    bob.wait_for_steps()
    assert bob.now.status == "learning"


def test_small_sessions_train_beside_a_large_one(
    engine: Engine, new_client: Callable[[str], SessionClient]
) -> None:
    clients = [new_client(str(number)) for number in range(12)]
    for large in clients[:2]:  # as many as there are threads
        large.ask(
            Learn(
                text=20 * "a long line for a large network\n",
                options=Hyperparameters(hidden_sizes=(150,)),
            )
        )
    before = [client.now.steps for client in clients]
    answers: list[Future[Answer]] = [
        engine.submit(client.session_id, SetParameters(temperature=2.0)) for client in clients
    ]
    assert not wait(answers, PATIENCE).not_done
    for client, steps in zip(clients, before, strict=True):
        assert client.now.temperature == 2.0
        client.wait_for(lambda now, steps=steps: now.steps > steps)  # type: ignore[misc]


def test_a_command_to_an_unknown_session_is_refused(engine: Engine) -> None:
    with pytest.raises(UserError) as caught:
        engine.submit("unknown", Pause()).result(PATIENCE)
    assert caught.value.code == "session_gone"
    assert engine.snapshot("unknown") is None


def test_commands_snapshots_and_errors_can_be_pickled(
    client: SessionClient,
) -> None:
    commands = [
        STARTING,
        Pause(),
        SetParameters(learning_rate=0.1, temperature=2.0),
        SetWatched(watched=True),
        Save(),
        MarkSaved(None),
        Complete(prime="a", method="sample", top_k=3),
        UnitsRequest(text="a", layer=2),
    ]
    assert pickle.loads(pickle.dumps(commands)) == commands  # noqa: S301
    load = pickle.loads(pickle.dumps(LoadModel(client.save())))  # noqa: S301
    assert client.ask(load) is None
    assert pickle.loads(pickle.dumps(client.ask(CreateCheckpoint()))).text == TEXT  # noqa: S301
    snapshot = client.now
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot  # noqa: S301
    error = UserError("too_many_copies", "field", limit=3)
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (sent.code, sent.field, sent.message) == (error.code, "field", error.message)


def test_non_bmp_text_survives_save_and_load(client: SessionClient) -> None:
    client.ask(Learn(text="naïve 🙂 日本\n🙂", options=SMALL))
    client.ask(Pause())
    saved = client.save()
    greedy = client.now.greedy
    client.ask(LoadModel(saved))
    assert client.now.greedy == greedy
    assert "🙂" in client.now.description.vocabulary
