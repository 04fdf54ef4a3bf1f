"""Sessions that train on running text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.errors import UserError
from app.protocol import read_event
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.inspection import FindUnitsRequest
from app.protocol.requests import Learn
from app.sessions.commands import CreateCheckpoint, LoadModel, LoadShared, Restore
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.storage.checkpoint_codec import decode, encode
from app.training import inspection
from app.training.checkpoint import Checkpoint
from app.training.gradient_check import make_job
from app.training.model_io import json_of, saved_of
from app.training.run import TrainingRun
from app.training.work import max_batch_size
from model import AdamW
from model.network import ParameterLayout
from tests.support.checkpoints import assert_same

TEXT = "def add(a, b):\n\treturn a + b\n\n\ndef twice(a):\n\treturn add(a, a)\n" * 8
OPTIONS = Hyperparameters(
    hidden_sizes=(6,),
    letter_size=3,
    mode="text",
    sequence_length=5,
    batch_size=3,
    dropout=0.3,
    optimizer="adamw",
    warmup_steps=10,
    validation_fraction=0.1,
)


def session_with(command: Any) -> Session:
    session = Session("ann", MemoryBudget(10**6, 10**8))
    session.carry_out(command)
    return session


def run_of(session: Session) -> TrainingRun:
    assert session._run is not None
    return session._run


def checkpoint_of(session: Session) -> Checkpoint:
    made = session.carry_out(CreateCheckpoint())
    assert isinstance(made, Checkpoint)
    return made


def learning() -> Session:
    session = session_with(Learn(text=TEXT, options=OPTIONS))
    run_of(session).trainer.train(70)  # within the second epoch
    return session


def assert_goes_on_like(first: Session, second: Session) -> None:
    for each in (first, second):
        run_of(each).trainer.train(50)
    one, other = run_of(first).trainer, run_of(second).trainer
    assert isinstance(other.optimizer, AdamW)
    np.testing.assert_array_equal(other.model.params, one.model.params)
    assert other.checkpoint().sampler_state == one.checkpoint().sampler_state


def test_a_session_reads_the_whole_text_with_its_line_breaks() -> None:
    session = session_with(Learn(text="\ufeff" + TEXT.replace("\n", "\r\n"), options=OPTIONS))
    snapshot, run = session.snapshot(), run_of(session)
    assert {"\n", "\t"} <= set(snapshot.description.vocabulary)
    assert "\r" not in snapshot.description.vocabulary
    assert run.trainer.beginning(30) == TEXT[:30]
    assert snapshot.description.sentences == int(len(TEXT) * 0.9) // 5 // 3 * 3
    assert snapshot.description.validation_sentences == len(TEXT) // 10


@pytest.mark.parametrize("how", [Restore, LoadShared])
def test_a_stored_session_goes_on_exactly(how: Any) -> None:
    session = learning()
    made = checkpoint_of(session)
    stored = decode("ann", encode(made), made.text)
    assert_same(made, stored)
    again = session_with(Learn(text="another\ntext", options=Hyperparameters(hidden_sizes=(2,))))
    again.carry_out(how(stored))
    assert run_of(again).trainer.totals.steps == 70
    assert_goes_on_like(session, again)


def test_a_saved_model_goes_on_exactly_with_the_options_of_its_file() -> None:
    session = learning()
    saved = saved_of(json_of(run_of(session).trainer.checkpoint()))
    other = Hyperparameters(hidden_sizes=(2,), learning_rate=OPTIONS.learning_rate, l2=OPTIONS.l2)
    again = session_with(Learn(text=TEXT, options=replace(other, validation_fraction=0.1)))
    again.carry_out(LoadModel(saved))
    expected = replace(OPTIONS, warmup_steps=0)
    assert run_of(again).options == expected
    assert_goes_on_like(session, again)


def test_lines_with_unknown_characters_are_left_out_when_a_model_is_loaded() -> None:
    saved = saved_of(json_of(run_of(learning()).trainer.checkpoint()))
    session = session_with(Learn(text=TEXT + "Zürich\n" + TEXT, options=OPTIONS))
    session.carry_out(LoadModel(saved))
    assert [notice.code for notice in session.snapshot().notices] == ["sentences_skipped"]
    assert run_of(session).trainer.beginning(10**6) == (TEXT * 2)[: -(len(TEXT) * 2 // 10)]


def test_a_batch_that_is_too_large_for_a_step_becomes_smaller_when_a_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = saved_of(json_of(run_of(learning()).trainer.checkpoint()))
    session = session_with(Learn(text=TEXT, options=OPTIONS))
    monkeypatch.setattr("app.training.run.max_batch_size", lambda *_: 2)
    session.carry_out(LoadModel(saved))
    assert run_of(session).options.batch_size == 2


@pytest.mark.parametrize(
    ("text", "changes", "code", "field"),
    [
        ("", {}, "no_text", "text"),
        ("a", {}, "text_too_short", "text"),
        ("abcd", {}, "text_too_short", "text"),
        (TEXT, {"sequence_length": 10_000}, "text_too_short", "text"),
        (TEXT, {"sequence_length": 0}, "too_small", "sequence_length"),
        (TEXT, {"batch_size": 0}, "too_small", "batch_size"),
        (TEXT, {"dropout": 0.96}, "too_large", "dropout"),
        (TEXT, {"mode": "words"}, "unknown_choice", "mode"),
        (TEXT, {"optimizer": "sgd"}, "unknown_choice", "optimizer"),
        (TEXT, {"clip_norm": "yes"}, "unknown_choice", "clip_norm"),
    ],
)
def test_bad_input_is_refused_and_nothing_changes(
    text: str, changes: dict[str, Any], code: str, field: str
) -> None:
    session = learning()
    before = session.snapshot()
    options = {**OPTIONS.to_json(), **changes}
    with pytest.raises(UserError) as caught:
        session.carry_out(read_event("learn", ({"text": text, "options": options},)))
    assert (caught.value.code, caught.value.field) == (code, field)
    assert session.snapshot().description is before.description


def test_lines_of_any_length_are_accepted_as_running_text() -> None:
    text = "a long line " * 2000
    read_event("learn", ({"text": text, "options": {"mode": "text"}},))
    with pytest.raises(UserError) as caught:
        read_event("learn", ({"text": text},))
    assert caught.value.code == "line_too_long"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"batch_size": 1000, "sequence_length": 500}, "batch_too_large_for_network"),
        ({"sequence_length": 10_000}, "sequence_too_long_for_network"),
    ],
)
def test_a_step_that_takes_too_long_is_refused(changes: dict[str, Any], code: str) -> None:
    options = replace(OPTIONS, hidden_sizes=(200,), **changes)
    with pytest.raises(UserError) as caught:
        TrainingRun.create(TEXT * 1500, options, 0)
    assert (caught.value.code, caught.value.field) == (code, "hidden_sizes")
    layout = ParameterLayout("lstm", 20, 3, (200,))
    smaller = max_batch_size(layout, options.sequence_length)
    assert smaller < options.batch_size


def test_units_are_searched_and_gradients_checked_on_the_text() -> None:
    run = run_of(learning())
    found = inspection.inspect(
        run, FindUnitsRequest.model_validate({"feature": "brackets", "state": "h"})
    )
    assert found["read"] == len(run.trainer.beginning(2000))
    assert TEXT.startswith(make_job(run).sentence)
