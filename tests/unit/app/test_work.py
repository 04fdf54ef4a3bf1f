"""What cannot be interrupted is short for every shape of a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.inspection import SurprisalRequest, WeightsRequest
from app.protocol.limits import MAX_LAYERS
from app.protocol.requests import Learn, Resume
from app.sessions.commands import CreateCheckpoint, LoadModel, LoadShared, Restore
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.training import work
from app.training.checkpoint import Checkpoint
from app.training.inspection import inspect
from app.training.run import TrainingRun
from app.training.work import check_trainable, generated_characters
from model import compile_kernels
from model.network import ParameterLayout

TEXT = "abba\ncaba"
DEEP = Hyperparameters(hidden_sizes=(1,) * (MAX_LAYERS + 1), letter_size=1)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    compile_kernels("lstm", "rmsprop")


@pytest.fixture
def session() -> Session:
    session = Session("ann", MemoryBudget(10**7, 10**8))
    session.carry_out(Learn(text=TEXT, options=Hyperparameters(hidden_sizes=(2,))))
    return session


@pytest.fixture
def deep(monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """The checkpoint of a network with too many layers, as an earlier version could make it."""
    with monkeypatch.context() as patched:
        patched.setattr(work, "MAX_LAYERS", 100)
        earlier = Session("bob", MemoryBudget(10**7, 10**8))
        earlier.carry_out(Learn(text=TEXT, options=DEEP))
        checkpoint = earlier.carry_out(CreateCheckpoint())
    assert isinstance(checkpoint, Checkpoint)
    return checkpoint


def code_of(session: Session, command: object) -> str:
    with pytest.raises(UserError) as caught:
        session.carry_out(command)  # type: ignore[arg-type]
    return caught.value.code


@pytest.mark.parametrize(
    "layout",
    [
        ParameterLayout("lstm", 30, 5, (700,)),
        ParameterLayout("gru", 30, 100, (1,) * MAX_LAYERS),
        ParameterLayout("rnn", 500_000, 1, (1,)),
    ],
)
def test_the_longest_line_depends_on_weights_layers_and_vocabulary(layout: ParameterLayout) -> None:
    """A step of a network with few weights can take long as well."""
    limit = min(
        work.MAX_STEP_WORK // work.work_per_character(layout),
        work.MAX_WORKSPACE // layout.work_size(1) - 1,
    )
    check_trainable(layout, limit)
    with pytest.raises(UserError) as caught:
        check_trainable(layout, limit + 1, field="text")
    assert (caught.value.code, caught.value.field) == ("line_too_long_for_network", "text")
    assert generated_characters(layout, 1, 10**9) >= generated_characters(layout, 20, 10**9)
    assert generated_characters(layout, 20, 100) >= work.MIN_CHARACTERS


def test_a_network_with_too_many_layers_is_refused_at_every_door(
    session: Session, deep: Checkpoint
) -> None:
    """Loaded, shared or created."""
    before = session.snapshot().description
    assert code_of(session, LoadModel(deep.saved)) == "too_many_layers"
    assert code_of(session, LoadShared(deep)) == "too_many_layers"
    assert code_of(session, Learn.model_construct(text=TEXT, options=DEEP)) == "too_many_layers"
    assert session.snapshot().description == before


def test_a_stored_network_beyond_the_limits_is_restored_but_not_trained(deep: Checkpoint) -> None:
    """It can be downloaded."""
    again = Session("bob", MemoryBudget(10**7, 10**8))
    again.carry_out(Restore(deep))
    snapshot = again.snapshot()
    assert (again.learning, snapshot.pause_reason) == (False, "over_limit")
    assert [each.code for each in snapshot.notices] == ["network_over_limit"]
    assert code_of(again, Resume()) == "too_many_layers"
    assert code_of(again, WeightsRequest()) == "too_many_layers"
    checkpoint = again.carry_out(CreateCheckpoint())
    assert isinstance(checkpoint, Checkpoint)
    assert replace(checkpoint, learning=True, saved=deep.saved) == deep


def test_a_stored_network_whose_lines_are_too_long_is_not_trained(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits may be lower than when it was created."""
    checkpoint = session.carry_out(CreateCheckpoint())
    monkeypatch.setattr(work, "MAX_STEP_WORK", 1)
    again = Session("ann", MemoryBudget(10**7, 10**8))
    assert isinstance(checkpoint, Checkpoint)
    again.carry_out(Restore(checkpoint))
    assert again.snapshot().pause_reason == "over_limit"
    assert code_of(again, Resume()) == "line_too_long_for_network"


def test_a_probe_text_that_a_network_reads_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its calculation could not be interrupted."""
    run = TrainingRun.create(TEXT, Hyperparameters(hidden_sizes=(2,)), 0)
    monkeypatch.setattr(work, "MAX_READING_WORK", 3 * work.work_per_character(run.model.layout))
    with pytest.raises(UserError) as caught:
        inspect(run, SurprisalRequest(text="abba"))
    assert (caught.value.code, caught.value.field) == ("probe_too_long_for_network", "text")
    assert inspect(run, SurprisalRequest(text="abb"))["ok"]
