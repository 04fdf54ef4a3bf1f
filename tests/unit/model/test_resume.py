"""A saved training continues where it was: its options, its progress and its order."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model import CharModel, FormatError, Trainer, TrainingConfig, Vocabulary
from model.formats.checkpoint import load_model

SENTENCES = ["start small", "ship it", "listen", "then sell", "and rest"]
CONFIG = TrainingConfig(
    learning_rate=0.02,
    weight_decay=1e-5,
    clip=math.inf,
    clip_norm=True,
    batch_size=2,
    optimizer="adam",
    schedule="cosine",
    schedule_epochs=8,
    validation_fraction=0.3,
    seed=7,
)


def trained(config: TrainingConfig = CONFIG, dtype: Any = np.float64, steps: int = 5) -> Trainer:
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    model = CharModel.create(vocabulary, "gru", (4,), 2, seed=5, dtype=dtype)
    trainer = Trainer(model, SENTENCES, config)
    trainer.train(steps)
    return trainer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("schedule", ["cosine", "halve"])
def test_a_training_resumes_bit_for_bit_without_being_told_its_options(
    dtype: Any, schedule: Any
) -> None:
    """Optimizer, learning rate, schedule, epoch and validation set are in the file."""
    straight = trained(replace(CONFIG, schedule=schedule, schedule_epochs=3), dtype)
    resumed = Trainer.from_json(json.dumps(straight.to_json()), SENTENCES, dtype=dtype)
    assert resumed.config == straight.config
    for _ in range(2):
        straight.train(7)
        resumed.train(7)
        assert resumed.learning_rate == straight.learning_rate
        np.testing.assert_array_equal(resumed.model.params, straight.model.params)
    assert resumed.train_sentences == straight.train_sentences
    assert (resumed.totals.steps, resumed.totals.epoch) == (19, straight.totals.epoch)
    assert resumed.to_json() == straight.to_json()


def test_a_rate_that_was_set_during_training_continues() -> None:
    """The schedule goes on from where the rate was set, not from its beginning."""
    straight = trained()
    straight.learning_rate = 0.005
    straight.train(2)
    resumed = Trainer.from_json(straight.to_json(), SENTENCES, dtype=np.float64)
    assert resumed.learning_rate == straight.learning_rate
    straight.train(3)
    resumed.train(3)
    np.testing.assert_array_equal(resumed.model.params, straight.model.params)


def test_given_options_override_the_saved_ones() -> None:
    """Another optimizer starts with an empty memory, and the rest continues."""
    saved = trained().to_json()
    config = replace(load_model(saved).config, optimizer="rmsprop", learning_rate=0.001)
    resumed = Trainer.from_json(saved, SENTENCES, config)
    assert resumed.optimizer.name == "rmsprop"
    assert not resumed.optimizer.square_avg.any()
    assert resumed.learning_rate == pytest.approx(0.001)
    assert resumed.totals.steps == 5


def test_another_schedule_counts_from_the_resumption() -> None:
    """Its length is of the training that comes, not of what has been."""
    saved = trained(replace(CONFIG, schedule="constant"), steps=40).to_json()
    config = replace(load_model(saved).config, schedule="cosine", schedule_epochs=10)
    resumed = Trainer.from_json(saved, SENTENCES, config)
    assert resumed.learning_rate == pytest.approx(0.02)
    resumed.train(10)  # two batches per epoch: the half of the schedule
    assert resumed.learning_rate == pytest.approx(0.0101, abs=1e-5)
    again = Trainer.from_json(resumed.to_json(), SENTENCES)
    assert again.learning_rate == pytest.approx(resumed.learning_rate)


def test_another_seed_gives_another_order_and_the_same_seed_does_not() -> None:
    """A seed that is given is not ignored."""
    saved = trained().to_json()

    def weights(seed: int | None) -> bytes:
        config = replace(load_model(saved).config, seed=seed)
        resumed = Trainer.from_json(saved, SENTENCES, config)
        resumed.train(20)
        return resumed.model.params.tobytes()

    assert weights(CONFIG.seed) == weights(None) != weights(8)
    assert weights(8) == weights(8)


def test_a_file_without_training_state_continues_with_its_optimizer() -> None:
    """As those of the original and of earlier versions."""
    saved = trained().to_json()
    del saved["solver"]["training"]
    resumed = Trainer.from_json(saved, SENTENCES)
    assert resumed.config == TrainingConfig(optimizer="adam")
    assert resumed.optimizer.square_avg.any()
    assert resumed.totals.steps == 0


def test_entries_of_newer_versions_are_ignored() -> None:
    """So that a file can be read by an older version."""
    straight = trained()
    saved = straight.to_json()
    saved["solver"]["training"] |= {"mode": "lines"}
    saved["solver"]["training"]["config"] |= {"warm_up": 0.5}
    assert Trainer.from_json(saved, SENTENCES).config == straight.config


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        ("training", [1], "entry_not_an_object"),
        ("training", "x", "entry_not_an_object"),
        ("config", 5, "entry_not_an_object"),
        ("steps", -1, "training_out_of_range"),
        ("steps", 1.5, "training_out_of_range"),
        ("epoch", math.nan, "training_out_of_range"),
        ("epoch", 10**400, "training_out_of_range"),
        ("epoch", "1", "training_out_of_range"),
        ("lr_set_at_epoch", 1e6, "training_out_of_range"),
        ("schedule_start", -1.0, "training_out_of_range"),
        ("learning_rate", "0.1", "training_damaged"),
        ("learning_rate", 10**400, "training_damaged"),
        ("batch_size", 1.5, "training_damaged"),
        ("seed", -1, "training_damaged"),
        ("optimizer", "sgd", "training_damaged"),
        ("shuffle", None, "training_damaged"),
    ],
)
def test_a_damaged_state_is_refused(place: str, value: Any, code: str) -> None:
    """A file comes from anywhere: each value is checked as an argument is."""
    saved = trained().to_json()
    state = saved["solver"]["training"]
    part = next(part for part in (state, state["config"], saved["solver"]) if place in part)
    part[place] = value
    with pytest.raises(FormatError) as caught:
        load_model(saved)
    assert (caught.value.code, caught.value.field) == (code, "json")
