"""Training on several threads: the same steps as on one, and the same each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import CharModel, Trainer, TrainingConfig, Vocabulary
from model.training.data_parallel import split_batch

SENTENCES = ["start small", "ship it, then listen", "ask what they paid", "no", "a", "listen"]
BATCHES = TrainingConfig(batch_size=4, seed=1)


@pytest.fixture(autouse=True)
def any_batch_is_large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.training.trainer.MIN_WORK", 1)


def trainer_with(
    threads: int, config: TrainingConfig = BATCHES, dtype: Any = np.float32
) -> Trainer:
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    model = CharModel.create(vocabulary, "lstm", (6, 5), 3, seed=1, dtype=dtype)
    return Trainer(model, SENTENCES, config, threads=threads)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(1, 12))
def test_shards_have_each_sentence_once_and_about_equal_lengths(
    lengths: list[int], threads: int
) -> None:
    lengths.sort(reverse=True)
    shards = split_batch(np.arange(len(lengths)), threads)
    assert len(shards) == min(threads, len(lengths))
    assert sorted(np.concatenate(shards)) == list(range(len(lengths)))
    totals = [sum(lengths[k] for k in shard) for shard in shards]
    assert max(totals) - min(totals) <= lengths[0]
    assert all((np.diff(shard) > 0).all() for shard in shards)  # longest first


@pytest.mark.parametrize("threads", [2, 3, 9])
@pytest.mark.parametrize(
    "config",
    [
        BATCHES,
        TrainingConfig(batch_size=4, seed=1, optimizer="adam"),
        TrainingConfig(batch_size=4, seed=1, clip_norm=True, clip=0.5),
        TrainingConfig(batch_size=4, seed=1, clip_norm=False, clip=0.01),
    ],
    ids=["rmsprop", "adam", "clip-norm", "clip-value"],
)
def test_any_number_of_threads_takes_the_steps_of_one(threads: int, config: TrainingConfig) -> None:
    alone, together = trainer_with(1, config), trainer_with(threads, config)
    assert together.train(8).cost == pytest.approx(alone.train(8).cost, rel=1e-5)
    np.testing.assert_allclose(together.model.params, alone.model.params, atol=1e-5)
    assert together.clip_fraction == pytest.approx(alone.clip_fraction, abs=0.01)


def test_in_float64_the_steps_agree_to_ten_digits() -> None:
    alone, together = (trainer_with(threads, dtype=np.float64) for threads in (1, 2))
    alone.train(8), together.train(8)
    np.testing.assert_allclose(together.model.params, alone.model.params, atol=1e-10)


def test_two_threads_give_the_same_result_each_time_and_resume_exactly() -> None:
    first, second = trainer_with(2), trainer_with(2)
    first.train(11)
    second.train(4)
    resumed = Trainer.from_json(second.to_json(), SENTENCES, BATCHES, threads=2)
    for trainer in (second, resumed):
        trainer.train(7)
        np.testing.assert_array_equal(trainer.model.params, first.model.params)


def test_the_log_of_steps_and_the_last_update_are_those_of_one_thread() -> None:
    alone, together = trainer_with(1), trainer_with(2)
    for trainer in (alone, together):
        trainer.record_next_update()
        trainer.train(3)
    assert alone.last_update is not None
    assert together.last_update is not None
    assert together.last_update.step == alone.last_update.step == 3
    logs = [trainer.train_on([3, 0, 1]) for trainer in (alone, together)]
    np.testing.assert_allclose(logs[1].losses, logs[0].losses, rtol=1e-4)
    np.testing.assert_allclose(logs[1].gradient_norms, logs[0].gradient_norms, rtol=1e-3)


def test_a_diverged_training_on_threads_rolls_back_and_goes_on() -> None:
    trainer = trainer_with(2, TrainingConfig(batch_size=4, seed=1, learning_rate=10))
    trainer.train(50)
    assert trainer.rollbacks
    trainer.learning_rate = 0.01
    assert trainer.train(20).perplexity < 100


@pytest.mark.parametrize("config", [TrainingConfig(seed=1), BATCHES])
def test_small_batches_take_one_thread(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    if config.batch_size > 1:
        monkeypatch.undo()  # the real least work of a shard
    alone, together = trainer_with(1, config), trainer_with(2, config)
    alone.train(8), together.train(8)
    np.testing.assert_array_equal(together.model.params, alone.model.params)
