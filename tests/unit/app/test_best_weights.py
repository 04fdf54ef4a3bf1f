"""The best weights of a session: shown, stored, saved, sampled from and loaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.errors import UserError
from app.protocol import read_event
from app.protocol.requests import Learn, Save
from app.sessions.commands import CreateCheckpoint, LoadModel, Restore
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.storage.checkpoint_codec import decode, encode
from app.training.checkpoint import Checkpoint
from app.training.monitors import BestSoFar
from app.training.run import TrainingRun
from app.web.sockets.serializers import full_state
from model import compile_inference
from model.formats.checkpoint import ModelCheckpoint
from tests.support.checkpoints import assert_same
from tests.unit.app.test_text_mode import OPTIONS, TEXT


def run_of(session: Session) -> TrainingRun:
    assert session._run is not None
    return session._run


def learning() -> Session:
    """A session whose best weights are those of step 40, and whose latest are zero."""
    session = Session("ann", MemoryBudget(10**6, 10**8))
    session.carry_out(Learn(text=TEXT, options=OPTIONS))
    trainer = run_of(session).trainer
    trainer.train(40)
    assert trainer.validation is not None
    trainer.validation.evaluate()
    trainer.train(5)
    trainer.model.params[:] = 0
    return session


def best_params(session: Session) -> Any:
    best = run_of(session).trainer.best
    assert best is not None
    return best.params


def test_a_page_sees_the_best_weights_so_far() -> None:
    session = Session("ann", MemoryBudget(10**6, 10**8))
    session.carry_out(Learn(text=TEXT, options=OPTIONS))
    assert full_state(session.snapshot())["best"] is None
    session = learning()
    best = run_of(session).trainer.best
    assert best is not None
    assert session.snapshot().best == BestSoFar(best.loss, 40)
    assert full_state(session.snapshot())["best"] == {"loss": round(best.loss, 4), "step": 40}


def test_a_stored_session_keeps_them() -> None:
    session = learning()
    made = session.carry_out(CreateCheckpoint())
    assert isinstance(made, Checkpoint)
    stored = decode("ann", encode(made), made.text)
    assert_same(made, stored)
    again = Session("ann", MemoryBudget(10**6, 10**8))
    again.carry_out(Restore(stored))
    np.testing.assert_array_equal(best_params(again), best_params(session))
    assert again.snapshot().best == session.snapshot().best


def test_they_are_saved_and_loaded_in_place_of_the_latest() -> None:
    session = learning()
    latest, best = (session.carry_out(Save(weights=which)) for which in ("latest", "best"))  # type: ignore[arg-type]
    assert isinstance(latest, ModelCheckpoint)
    assert isinstance(best, ModelCheckpoint)
    assert not latest.model.params.any()
    np.testing.assert_array_equal(best.model.params, best_params(session))
    session.carry_out(LoadModel(best))
    np.testing.assert_array_equal(run_of(session).model.params, best.model.params)
    assert session.snapshot().best == BestSoFar(best.best.loss, 0)  # type: ignore[union-attr]
    assert session.undoable == "load"


def test_completions_come_from_the_chosen_weights() -> None:
    compile_inference("lstm")
    session = learning()
    request = {"prime": "def ", "method": "sample", "count": 1, "top_k": 1, "length": 20}
    texts = [
        session.carry_out(read_event("complete", ({**request, **chosen},)))["completions"][0][
            "text"
        ]  # type: ignore[index]
        for chosen in ({}, {"weights": "latest"}, {"weights": "best"})
    ]
    expected = run_of(session).trainer.best_model()
    assert expected is not None
    assert texts[0] == texts[1] == run_of(session).model.greedy("def ", 20)
    assert texts[2] == expected.greedy("def ", 20) != texts[0]


@pytest.mark.parametrize(
    "event",
    [("save", {"weights": "best"}), ("complete", {"prime": "d", "method": "sample"})],
)
def test_without_an_evaluation_there_are_none(event: tuple[str, dict[str, Any]]) -> None:
    compile_inference("lstm")
    session = Session("ann", MemoryBudget(10**6, 10**8))
    session.carry_out(Learn(text=TEXT, options=OPTIONS))
    name, payload = event
    with pytest.raises(UserError) as caught:
        session.carry_out(read_event(name, ({**payload, "weights": "best"},)))
    assert (caught.value.code, caught.value.field) == ("no_best_weights", "weights")
