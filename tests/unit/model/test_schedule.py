"""Learning-rate schedules, and setting the rate."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import CharModel, Trainer, TrainingConfig, Vocabulary
from model.errors import SettingsError
from model.training.schedules import MIN_SHARE, ScheduleName, learning_rates

SENTENCES = ["ab", "ba", "aab", "bba"]
NAMES = st.sampled_from(["constant", "halve", "cosine"])


def rates(
    schedule: ScheduleName, length: float, epochs: list[float], since: float = 0.0
) -> list[float]:
    found = learning_rates(schedule, length, np.array(epochs), 0.01, since)
    return [float(each) for each in found]


def trainer_with(settings: TrainingConfig, seed: int = 1) -> Trainer:
    model = CharModel.create(
        Vocabulary.from_sentences(SENTENCES), hidden_sizes=(4,), seed=seed, dtype=np.float64
    )
    return Trainer(model, SENTENCES, settings)


def test_a_constant_rate_stays() -> None:
    assert rates("constant", 1, [0, 0.5, 100]) == [0.01] * 3


def test_halving_is_periodic() -> None:
    assert rates("halve", 2, [0, 1.9, 2, 3.9, 4, 8]) == [0.01, 0.01, 0.005, 0.005, 0.0025, 0.000625]


def test_a_cosine_falls_to_its_minimum_and_stays_there() -> None:
    begin, middle, end, after = rates("cosine", 10, [0, 5, 10, 20])
    assert begin == pytest.approx(0.01)
    assert middle == pytest.approx(0.01 * (1 + MIN_SHARE) / 2)
    assert end == after == pytest.approx(0.01 * MIN_SHARE)


@given(NAMES, st.floats(0.1, 1000), st.floats(0, 2000), st.lists(st.floats(0, 500), min_size=1))
def test_a_schedule_starts_at_the_set_rate_and_never_increases(
    schedule: ScheduleName, length: float, since: float, later: list[float]
) -> None:
    found = rates(schedule, length, [since, *sorted(since + each for each in later)], since)
    assert found[0] == pytest.approx(0.01)
    assert all(then <= before * (1 + 1e-12) for before, then in itertools.pairwise(found))
    assert all(0 <= each <= 0.01 * (1 + 1e-12) for each in found)


@pytest.mark.parametrize("schedule", ["halve", "cosine"])
def test_training_in_slices_equals_training_in_one_call(schedule: ScheduleName) -> None:
    settings = TrainingConfig(schedule=schedule, schedule_epochs=3, seed=2)
    whole, pieces = trainer_with(settings), trainer_with(settings)
    whole.train(40)
    for _ in range(20):
        pieces.train(2)
    np.testing.assert_array_equal(whole.model.params, pieces.model.params)


def test_a_schedule_equals_steps_with_its_rates() -> None:
    scheduled = trainer_with(TrainingConfig(schedule="halve", schedule_epochs=1, seed=2))
    by_hand = trainer_with(TrainingConfig(seed=2))
    scheduled.train(12)
    for epoch in range(3):
        by_hand.config = replace(by_hand.config, learning_rate=0.01 / 2**epoch)
        by_hand.train(len(SENTENCES))
    np.testing.assert_array_equal(scheduled.model.params, by_hand.model.params)


def test_setting_the_rate_takes_effect_and_the_schedule_continues() -> None:
    trainer = trainer_with(TrainingConfig(schedule="halve", schedule_epochs=2))
    trainer.train(3 * 4)
    assert trainer.learning_rate == pytest.approx(0.005)
    trainer.learning_rate = 0.01  # what it began with, and all the same it was set
    assert trainer.learning_rate == pytest.approx(0.01)
    trainer.train(1 * 4)
    assert trainer.learning_rate == pytest.approx(0.005)


def test_a_resumed_training_continues_its_schedule() -> None:
    settings = TrainingConfig(schedule="cosine", schedule_epochs=10, seed=2)
    trainer = trainer_with(settings)
    trainer.train(14)
    trainer.learning_rate = 0.02
    trainer.train(6)
    again = trainer_with(trainer.config, seed=9)
    saved = trainer.checkpoint()
    again.resume(saved.sampler_state, trainer.totals, trainer.lr_set_at_epoch)
    assert again.learning_rate == trainer.learning_rate


def test_invalid_options_are_refused_by_field() -> None:
    with pytest.raises(SettingsError) as refusal:
        TrainingConfig(schedule="sine")  # type: ignore[arg-type]
    assert (refusal.value.code, refusal.value.field) == ("unknown_choice", "schedule")
    for epochs in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(SettingsError) as refusal:
            TrainingConfig(schedule_epochs=epochs)
        assert (refusal.value.code, refusal.value.field) == ("out_of_range", "schedule_epochs")
