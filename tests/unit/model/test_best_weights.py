"""The best weights by validation loss, the schedule that follows it, and warm-up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model import CharModel, FormatError, Trainer, TrainingConfig, Vocabulary
from model.formats.checkpoint import load_model
from model.training.schedules import warmup_shares

TEXT = "def add(a, b):\n\treturn a + b\n\n\ndef twice(a):\n\treturn add(a, a)\n" * 12
LINES = [line for line in TEXT.splitlines() if line]
TEXT_CONFIG = TrainingConfig(
    mode="text", sequence_length=5, batch_size=3, validation_fraction=0.1, seed=1
)
CONFIGS = {
    "lines": TrainingConfig(validation_fraction=0.3, seed=1),
    "text": TEXT_CONFIG,
}


def trainer_with(mode: str, dtype: Any = np.float64, **changes: Any) -> Trainer:
    model = CharModel.create(
        Vocabulary.from_sentences([TEXT]), hidden_sizes=(6,), embedding_size=3, seed=1, dtype=dtype
    )
    config = replace(CONFIGS[mode], **changes)
    return Trainer(model, TEXT if mode == "text" else LINES, config)


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_the_best_weights_are_those_at_the_beginning_of_the_best_pass(mode: str) -> None:
    trainer = trainer_with(mode)
    validation = trainer.validation
    assert validation is not None
    assert trainer.best is trainer.best_model() is None
    trainer.train(50)
    at_step_50 = trainer.model.params.copy()
    validation.evaluate_for(0)  # nothing yet
    while not validation._next:
        validation._evaluate_up_to(1)
    trainer.train(5)  # during the pass
    while validation.completed_passes == 0:
        validation.evaluate_for(0.01)
    best = trainer.best
    assert best is not None
    np.testing.assert_array_equal(best.params, at_step_50)
    assert (best.step, best.loss) == (50, pytest.approx(np.log(validation.perplexity)))
    trainer.model.params[:] = 0
    validation.evaluate()
    assert trainer.best is best
    restored = trainer.best_model()
    assert restored is not None
    assert restored.mode == mode
    np.testing.assert_array_equal(restored.params, at_step_50)


def test_weights_that_are_no_longer_the_best_do_not_change() -> None:
    trainer = trainer_with("text")
    assert trainer.validation is not None
    kept = []
    for _ in range(3):
        trainer.validation.evaluate()
        assert trainer.best is not None
        kept.append((trainer.best.params, trainer.best.params.copy()))
        trainer.train(100)
    assert len({id(params) for params, _ in kept}) == 3
    for params, copy in kept:
        np.testing.assert_array_equal(params, copy)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_file_keeps_the_best_weights_beside_the_latest(dtype: Any) -> None:
    trainer = trainer_with("text", dtype)
    trainer.train(50)
    assert trainer.validation is not None
    trainer.validation.evaluate()
    trainer.train(20)
    saved = json.loads(json.dumps(trainer.to_json()))
    assert len(saved["best"]["weights"]) < 6 * trainer.model.num_parameters * (
        1 if dtype == np.float32 else 2
    )
    again = Trainer.from_json(saved, TEXT, dtype=dtype)
    assert trainer.best is not None
    assert again.best is not None
    np.testing.assert_array_equal(again.best.params, trainer.best.params)
    for name in ("loss", "step", "epoch", "checksum"):
        assert getattr(again.best, name) == getattr(trainer.best, name)
    best = load_model(saved, dtype).with_best_weights().model
    np.testing.assert_array_equal(best.params, trainer.best.params)
    another = Trainer.from_json(saved, TEXT + TEXT, dtype=dtype)
    assert another.best is None


@pytest.mark.parametrize(
    "damage",
    [
        {"weights": "AAAA"},
        {"weights": "§"},
        {"weights": 5},
        {"dtype": "O"},
        {"dtype": "|V4"},
        {"loss": "low"},
        {"loss": float("nan")},
        {"step": -1},
        {"epoch": None},
        {"checksum": 10**400},
    ],
)
def test_damaged_best_weights_are_refused(damage: dict[str, Any]) -> None:
    trainer = trainer_with("text")
    assert trainer.validation is not None
    trainer.validation.evaluate()
    saved = trainer.to_json()
    saved["best"].update(damage)
    with pytest.raises(FormatError) as caught:
        load_model(saved)
    assert caught.value.code == "best_damaged"


def test_the_rate_is_halved_on_a_plateau_of_the_validation_loss() -> None:
    trainer = trainer_with("text", schedule="plateau", schedule_epochs=2, learning_rate=0.02)
    assert trainer.validation is not None
    epoch = trainer.sentence_count // 3  # in steps
    trainer.validation.evaluate()
    trainer.validation.best = replace(trainer.validation.best, loss=0.0)  # never reached again
    trainer.train(2 * epoch + 1)
    assert trainer.learning_rate == 0.02  # nothing was evaluated
    trainer.validation.evaluate()
    trainer.train(1)
    assert trainer.learning_rate == 0.01
    trainer.train(epoch)
    trainer.validation.evaluate()
    trainer.train(1)
    assert trainer.learning_rate == 0.01
    saved = json.loads(json.dumps(trainer.to_json()))
    again = Trainer.from_json(saved, TEXT, dtype=np.float64)
    for each in (trainer, again):
        each.train(epoch)
        assert each.validation is not None
        each.validation.evaluate()
        each.train(1)
        assert each.learning_rate == 0.005


def test_the_rate_rises_in_the_warm_up_and_goes_on_from_there_when_training_resumes() -> None:
    np.testing.assert_allclose(warmup_shares(4, np.arange(6.0)), [0.25, 0.5, 0.75, 1, 1, 1])
    assert warmup_shares(0, np.zeros(1)) == 1
    trainer = trainer_with("text", warmup_steps=10, schedule="cosine", optimizer="adamw")
    assert trainer.learning_rate == pytest.approx(0.001)
    trainer.train(4)
    again = Trainer.from_json(json.loads(json.dumps(trainer.to_json())), TEXT, dtype=np.float64)
    assert again.learning_rate == trainer.learning_rate == pytest.approx(0.005, rel=1e-4)
    trainer.record_next_update()  # which takes the last step on its own
    for each in (trainer, again):
        each.train(20)
    np.testing.assert_array_equal(again.model.params, trainer.model.params)


def test_setting_the_rate_ends_the_warm_up() -> None:
    trainer = trainer_with("text", warmup_steps=1000)
    trainer.train(3)
    trainer.learning_rate = 0.005
    assert trainer.learning_rate == 0.005


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("clip_norm", [None, True, False])
def test_every_cell_may_clip_the_norm(cell: str, clip_norm: bool | None) -> None:
    model = CharModel.create(Vocabulary.from_sentences(LINES), cell, (4,), 3, seed=1)
    trainer = Trainer(model, LINES, TrainingConfig(clip_norm=clip_norm))
    assert trainer.clips_by_norm == (cell == "rnn" if clip_norm is None else clip_norm)
