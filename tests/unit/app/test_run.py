"""Runs that are saved and go on, and networks that diverge."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.errors import Notice, UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.requests import Learn, Resume, Save, SetParameters
from app.sessions.commands import CreateCheckpoint, LoadModel, Restore
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.training.checkpoint import Checkpoint
from app.training.model_io import saved_of
from app.training.monitors import QUIET_SECONDS, RollbackNotifier
from app.training.run import TrainingRun
from model import (
    Adam,
    CharModel,
    Rollback,
    Trainer,
    TrainingConfig,
    Vocabulary,
    compile_kernels,
)
from model.formats.checkpoint import ModelCheckpoint
from model.training.divergence import MAX_ROLLBACKS
from tests.support.waiting import PATIENCE

TEXT = "one two three\nfour five\nsix seven eight nine\nten\neleven twelve"
SENTENCES = TEXT.splitlines()
OPTIONS = Hyperparameters(hidden_sizes=(6,), letter_size=3)


def as_saved(run: TrainingRun) -> dict[str, Any]:
    saved: dict[str, Any] = run.trainer.to_json()
    return saved


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_a_loaded_run_goes_on_exactly(kind: Any) -> None:
    run = TrainingRun.create(TEXT, Hyperparameters(kind=kind, hidden_sizes=(6,), letter_size=3), 0)
    run.trainer.train(203)  # in the middle of an epoch
    loaded, remark = TrainingRun.from_model(run.trainer.checkpoint(), TEXT, run.options, 1)
    assert remark is None
    assert loaded.options == run.options
    for each in (run, loaded):
        each.trainer.train(100)
    saved, again = as_saved(run), as_saved(loaded)
    for each in (saved, again):
        del each["solver"]["training"]  # the counts of a loaded run start anew
    assert again == saved
    assert saved["solver"]["steps"] == 303
    assert loaded.model.greedy() == run.model.greedy()


def _keyed_by_position(saved: dict[str, Any]) -> None:
    for matrices in (saved["model"], saved["solver"]["step_cache"]):
        for matrix in matrices.values():
            matrix["w"] = {str(i): value for i, value in enumerate(matrix["w"])}


def _without_solver(saved: dict[str, Any]) -> None:
    del saved["solver"]


def _with_empty_cache(saved: dict[str, Any]) -> None:
    saved["solver"]["step_cache"] = {}


@pytest.mark.parametrize("change", [_keyed_by_position, _without_solver, _with_empty_cache])
def test_models_load_in_every_form_of_the_original(
    change: Callable[[dict[str, Any]], None],
) -> None:
    run = TrainingRun.create(TEXT, replace(OPTIONS, seed=1), 0)
    run.trainer.train(20)
    saved = as_saved(run)
    change(saved)
    loaded, _ = TrainingRun.from_model(saved_of(json.dumps(saved)), TEXT, OPTIONS, 1)
    assert loaded.model.greedy() == run.model.greedy()
    loaded.trainer.train(1)


def test_on_fewer_sentences_the_solver_goes_on_and_the_order_is_new() -> None:
    run = TrainingRun.create(TEXT, OPTIONS, 0)
    run.trainer.train(20)
    loaded, remark = TrainingRun.from_model(
        run.trainer.checkpoint(), TEXT + "\nUNREADABLE", OPTIONS, 1
    )
    assert remark is not None
    assert remark.code == "sentences_skipped"
    loaded.trainer.train(10)
    assert as_saved(loaded)["solver"]["steps"] == 30
    assert loaded.trainer.sentence_count == len(SENTENCES)


def saved_training(settings: TrainingConfig, steps: int) -> dict[str, Any]:
    model = CharModel.create(Vocabulary.from_sentences(SENTENCES), "lstm", (6,), 3, seed=1)
    trainer = Trainer(model, SENTENCES, settings)
    trainer.train(steps)
    return trainer.to_json()


def test_a_model_trained_with_adam_goes_on_with_adam() -> None:
    saved = saved_training(TrainingConfig(optimizer="adam"), steps=3)
    run, _ = TrainingRun.from_model(saved_of(json.dumps(saved)), TEXT, OPTIONS, 0)
    assert run.trainer.config.optimizer == "adam"
    assert isinstance(run.trainer.optimizer, Adam)
    run.trainer.train(2)
    assert run.trainer.optimizer.steps == 5


def test_a_model_trained_in_batches_goes_on_in_batches() -> None:
    saved = saved_training(TrainingConfig(batch_size=2), steps=1)
    run, _ = TrainingRun.from_model(saved_of(json.dumps(saved)), TEXT, OPTIONS, 0)
    assert run.options.batch_size == run.trainer.config.batch_size == 2
    assert as_saved(run)["solver"]["order"] == saved["solver"]["order"]


def test_larger_batches_than_those_of_the_options_are_not_taken_over() -> None:
    saved = saved_training(TrainingConfig(batch_size=3), steps=1)
    del saved["solver"]["training"]
    run, _ = TrainingRun.from_model(saved_of(json.dumps(saved)), TEXT, OPTIONS, 0)
    run.trainer.train(10)
    assert run.trainer.totals.epoch == 2


@pytest.mark.parametrize(
    "damage",
    [{"sizes": [1]}, {"order": [99], "sizes": [1]}, {"order": ["a", "b"]}, {"random": {}}],
)
def test_a_damaged_order_is_refused(damage: dict[str, Any]) -> None:
    saved = saved_training(TrainingConfig(), steps=3)
    saved["solver"]["order"].update(damage)
    with pytest.raises(UserError) as caught:
        TrainingRun.from_model(saved_of(json.dumps(saved)), TEXT, OPTIONS, 0)
    assert (caught.value.code, caught.value.field) == ("order_damaged", "json")


MANY = "\n".join(f"sentence {number}" for number in range(200))


def train_until(learner: TrainingRun | Session, holds: Callable[[], object]) -> None:
    """Let a network learn until something holds; how long that takes depends on the machine."""
    until = time.monotonic() + PATIENCE
    while not holds():
        learner.train(0.02)
        assert time.monotonic() < until, "it did not come true"


def test_a_point_of_the_curve_has_the_perplexity_of_held_out_sentences_and_the_rate() -> None:
    run = TrainingRun.create(MANY, OPTIONS, 0)
    assert (run.trainer.sentence_count, run.trainer.validation_count) == (190, 10)
    train_until(run, lambda: run.curve.points and run.curve.points[-1].validation is not None)
    assert run.curve.points[-1].learning_rate == 0.01
    assert 1 < run.validation.perplexity < 100  # type: ignore[operator]


def test_a_restored_run_goes_on_with_its_schedule_and_holds_out_the_same_sentences() -> None:
    options = replace(OPTIONS, schedule="halve", schedule_epochs=2, validation_fraction=0.1)
    session = Session("ann", MemoryBudget(10**6, 10**6))
    session.carry_out(Learn(text=MANY, options=options))
    session.train(0.05)
    session.carry_out(SetParameters(learning_rate=0.008))
    train_until(session, lambda: session.snapshot().learning_rate < 0.008)
    train_until(session, lambda: session.snapshot().points)
    checkpoint = session.carry_out(CreateCheckpoint())
    assert isinstance(checkpoint, Checkpoint)
    again = Session("ann", MemoryBudget(10**6, 10**6))
    again.carry_out(Restore(checkpoint))
    before, after = session.snapshot(), again.snapshot()
    assert after.learning_rate == before.learning_rate < 0.008
    assert after.description.validation_sentences == 20
    assert (after.steps, after.points) == (before.steps, before.points)


def test_the_curve_tells_a_rate_that_was_set_from_one_that_its_schedule_gave() -> None:
    options = replace(OPTIONS, schedule="cosine", schedule_epochs=1_000_000)
    session = Session("ann", MemoryBudget(10**6, 10**6))
    session.carry_out(Learn(text=MANY, options=options))
    train_until(session, lambda: session.snapshot().points)
    before = len(session.snapshot().points)
    session.carry_out(SetParameters(learning_rate=0.008))
    train_until(session, lambda: len(session.snapshot().points) > before + 1)
    points = session.snapshot().points
    assert [points[0].set_rate, points[-1].set_rate] == [0.01, 0.008]
    assert points[-1].learning_rate not in (0.008, None)


def test_a_model_that_is_loaded_goes_on_at_a_constant_rate() -> None:
    run = TrainingRun.create(TEXT, replace(OPTIONS, schedule="cosine", schedule_epochs=10), 0)
    loaded, _ = TrainingRun.from_model(run.trainer.checkpoint(), TEXT, run.options, 1)
    assert loaded.options.schedule == "constant"
    loaded.trainer.train(100)
    assert loaded.learning_rate == 0.01


def test_a_visitor_is_told_that_the_network_diverged_and_of_its_new_learning_rate() -> None:
    session = Session("ann", MemoryBudget(10**6, 10**6))
    options = Hyperparameters(kind="rnn", hidden_sizes=(40, 40), learning_rate=1.0, seed=1)
    session.carry_out(Learn(text="some words here\nand there", options=options))
    train_until(session, lambda: session.snapshot().notices)
    snapshot = session.snapshot()
    assert snapshot.notices[0].level == "warning"
    assert snapshot.notices[0].code in {"rolled_back", "rolled_back_often"}
    assert f"{snapshot.learning_rate:g}" in snapshot.notices[0].message
    assert snapshot.learning_rate < 1
    assert snapshot.description.options.learning_rate == 1  # what the next network would begin with


def test_training_that_keeps_diverging_is_paused_with_the_reason_and_can_be_resumed() -> None:
    """Weights of 3e38 can be loaded, but nothing comes of them."""
    compile_kernels("lstm", "rmsprop")
    session = Session("ann", MemoryBudget(10**6, 10**6))
    session.carry_out(Learn(text=TEXT, options=OPTIONS))
    saved = session.carry_out(Save())
    assert isinstance(saved, ModelCheckpoint)
    saved.model.params[:] = 3e38
    session.carry_out(LoadModel(saved))
    for _ in range(MAX_ROLLBACKS):
        session.train(0)
    snapshot = session.snapshot()
    assert (snapshot.status, snapshot.pause_reason) == ("paused", "diverged")
    assert [(each.level, each.code) for each in snapshot.notices] == [
        ("error", "training_hopeless")
    ]
    session.carry_out(Resume())
    assert (session.snapshot().status, session.snapshot().pause_reason) == ("learning", None)
    for _ in range(MAX_ROLLBACKS):
        session.train(0)
    assert session.snapshot().pause_reason == "diverged"
    session.carry_out(Learn(text=TEXT, options=OPTIONS))
    assert (session.snapshot().status, session.snapshot().pause_reason) == ("learning", None)


def test_rollbacks_that_come_together_are_reported_together_and_once() -> None:
    first, second, third = Rollback(10, 0.5), Rollback(20, 0.25), Rollback(900, 0.125)
    rollbacks = RollbackNotifier()
    assert rollbacks.next_notice((), now=0) is None
    assert rollbacks.next_notice((first,), now=1) is None
    assert rollbacks.next_notice((first, second), now=1.1) is None
    told = rollbacks.next_notice((first, second), now=1.1 + QUIET_SECONDS)
    assert told == Notice("rolled_back_often", {"times": 2, "learning_rate": 0.25})
    assert rollbacks.next_notice((first, second), now=9) is None
    assert rollbacks.next_notice((first, second, third), now=10) is None
    told = rollbacks.next_notice((first, second, third), now=10 + QUIET_SECONDS)
    assert told == Notice("rolled_back", {"learning_rate": 0.125})
