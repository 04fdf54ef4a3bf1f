"""Training: steps, slices, epochs, options, resuming and threads."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import (
    CharModel,
    FormatError,
    SettingsError,
    StepLog,
    TextError,
    Trainer,
    TrainingConfig,
    TrainingStats,
    Vocabulary,
    compile_kernels,
    training_compiled,
)
from model.training.batch_sampler import BatchSampler
from model.training.config import OptimizerName
from model.training.divergence import MAX_RELATIVE_PERPLEXITY, MAX_ROLLBACKS, MIN_LEARNING_RATE

OF_EVERY_LENGTH = ["a" * length for length in range(1, 9)]  # a length tells which one it was
SENTENCES = ["start small", "ship it, then listen", "ask what they paid", "no"]
STILL = TrainingConfig(learning_rate=1e-30, weight_decay=0.0, seed=1)  # steps that change no weight


def trainer_on(
    sentences: Sequence[str], given: TrainingConfig | None = None, **network: Any
) -> Trainer:
    sizes: dict[str, Any] = {"hidden_sizes": (4,), "embedding_size": 3, "seed": 1} | network
    model = CharModel.create(Vocabulary.from_sentences(sentences), **sizes)
    return Trainer(model, sentences, given or TrainingConfig(seed=1))


def lengths_of_steps(trainer: Trainer, steps: int) -> list[int]:
    return [trainer.train(1).characters for _ in range(steps)]


# ---------------------------------------------------------------- epochs


def test_each_epoch_has_each_sentence_once_in_a_new_order() -> None:
    trainer = trainer_on(OF_EVERY_LENGTH)
    epochs = [lengths_of_steps(trainer, len(OF_EVERY_LENGTH)) for _ in range(4)]
    assert all(sorted(epoch) == list(range(1, 9)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_without_shuffling_sentences_keep_their_order() -> None:
    trainer = trainer_on(OF_EVERY_LENGTH, TrainingConfig(shuffle=False))
    assert lengths_of_steps(trainer, 20) == [*range(1, 9), *range(1, 9), *range(1, 5)]


@settings(max_examples=15)
@given(st.lists(st.integers(0, 25), min_size=1, max_size=6))
def test_slices_of_any_length_equal_one_long_slice(slices: list[int]) -> None:
    in_slices, at_once = trainer_on(OF_EVERY_LENGTH), trainer_on(OF_EVERY_LENGTH)
    for steps in slices:
        assert in_slices.train(steps).steps == steps
    at_once.train(sum(slices))
    np.testing.assert_array_equal(in_slices.model.params, at_once.model.params)
    np.testing.assert_array_equal(in_slices.optimizer.square_avg, at_once.optimizer.square_avg)


def test_a_slice_can_span_many_epochs() -> None:
    progress = trainer_on(["a"], hidden_sizes=(1,), embedding_size=1).train(20_000)
    assert progress.steps == progress.epoch == 20_000


# ---------------------------------------------------------------- seeds


def test_equal_seeds_train_equal_networks() -> None:
    one, other = trainer_on(SENTENCES), trainer_on(SENTENCES)
    assert replace_seconds(one.train(60)) == replace_seconds(other.train(60))
    np.testing.assert_array_equal(one.model.params, other.model.params)


def test_another_seed_gives_another_order() -> None:
    orders = {
        seed: tuple(lengths_of_steps(trainer_on(OF_EVERY_LENGTH, replace(STILL, seed=seed)), 8))
        for seed in range(5)
    }
    assert len(set(orders.values())) == 5


def replace_seconds(progress: TrainingStats) -> TrainingStats:
    return replace(progress, seconds=0.0)


# ---------------------------------------------------------------- options


def test_changed_options_take_effect_in_the_next_slice() -> None:
    trainer = trainer_on(SENTENCES, STILL)
    first = trainer.model.params.copy()
    trainer.train(10)
    np.testing.assert_allclose(trainer.model.params, first, atol=1e-20)
    trainer.config = replace(trainer.config, learning_rate=0.01)
    trainer.train(10)
    assert np.abs(trainer.model.params - first).max() > 1e-3


def test_weight_decay_subtracts_a_fraction_of_each_weight() -> None:
    trainer = trainer_on(SENTENCES, replace(STILL, weight_decay=0.5))
    first = trainer.model.params.copy()
    trainer.train(3)
    np.testing.assert_allclose(trainer.model.params, first / 8, rtol=1e-6, atol=1e-20)


def test_clipped_gradients_are_counted() -> None:
    def step(clip: float) -> tuple[float, float, float]:
        settings = TrainingConfig.recurrentjs(clip=clip, weight_decay=0.0)
        trainer = trainer_on(SENTENCES, settings, dtype=np.float64)
        before = trainer.model.params.copy()
        steps = trainer.train_on([0])
        moved = float(np.abs(trainer.model.params - before).max())
        return moved, float(steps.clipped_shares[0]), float(steps.gradient_norms[0])

    free, none_clipped, norm = step(clip=math.inf)
    held, all_clipped, same_norm = step(clip=1e-12)
    assert none_clipped == 0
    model = trainer_on(SENTENCES).model  # letters that do not occur have no gradient
    idle = len(set(model.vocabulary.chars) - set(SENTENCES[0])) * model.embedding_size
    assert all_clipped == pytest.approx(1 - idle / model.num_parameters)
    assert norm == same_norm  # measured before clipping
    assert held < free / 100


def test_clipping_by_norm_keeps_the_direction() -> None:
    def memory_of_a_step(clip: float) -> Any:
        trainer = trainer_on(SENTENCES, TrainingConfig(clip=clip, clip_norm=True), dtype=np.float64)
        steps = trainer.train_on([0])
        return (
            np.sqrt(trainer.optimizer.square_avg),
            steps.gradient_norms[0],
            steps.clipped_shares[0],
        )

    free, norm, none_clipped = memory_of_a_step(clip=math.inf)
    held, same_norm, clipped = memory_of_a_step(clip=0.01)
    assert (none_clipped, clipped) == (0, 1)
    assert norm == same_norm > 0.01
    np.testing.assert_allclose(held, free * (0.01 / norm), rtol=1e-9)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        *[("learning_rate", bad, "out_of_range") for bad in (0, -1, 11, math.nan, math.inf)],
        *[("l2", bad, "out_of_range") for bad in (-1e-9, 1.1, math.nan)],
        *[("clip", bad, "out_of_range") for bad in (0, -5, math.nan)],
        *[("batch_size", bad, "invalid_batch_size") for bad in (0, 10_001, True)],
        ("optimizer", "sgd", "unknown_choice"),
    ],
)
def test_invalid_options_are_refused_by_field_and_value(field: str, value: Any, code: str) -> None:
    change: dict[str, Any] = {"weight_decay" if field == "l2" else field: value}
    with pytest.raises(SettingsError) as caught:
        replace(TrainingConfig(), **change)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.values["value"] is value


# ---------------------------------------------------------------- statistics


def test_statistics_of_slices_add_up_to_the_totals() -> None:
    trainer = trainer_on(SENTENCES)
    slices = [trainer.train(7), trainer.train(1), trainer.train_for(0.01), trainer.train(0)]
    totals = trainer.totals
    for name in ("steps", "characters", "predictions", "seconds", "cost"):
        assert getattr(totals, name) == pytest.approx(sum(getattr(part, name) for part in slices))
    assert totals.epoch == slices[-1].epoch == totals.steps / len(SENTENCES)
    assert totals.predictions == totals.characters + totals.steps
    assert totals.perplexity == pytest.approx(math.exp(totals.cost / totals.predictions))


def test_the_perplexity_of_an_epoch_with_zero_steps_equals_the_models() -> None:
    trainer = trainer_on(SENTENCES, STILL)
    assert trainer.train(4).perplexity == pytest.approx(trainer.model.perplexity(SENTENCES))


def test_train_on_logs_each_step() -> None:
    trainer = trainer_on(SENTENCES, STILL)
    steps = trainer.train_on([3, 0, -1])
    expected = trainer.model.losses([SENTENCES[3], SENTENCES[0], SENTENCES[3]])
    np.testing.assert_allclose(steps.losses, expected, rtol=1e-6)
    assert (steps.gradient_norms > 0).all()
    assert trainer.totals.steps == 3


@pytest.mark.parametrize("number", [4, -5])
def test_train_on_refuses_an_index_out_of_range(number: int) -> None:
    trainer = trainer_on(SENTENCES)
    before = trainer.model.params.copy()
    with pytest.raises(IndexError):
        trainer.train_on([0, number])
    np.testing.assert_array_equal(trainer.model.params, before)


def test_before_the_first_step_there_is_no_perplexity() -> None:
    trainer = trainer_on(SENTENCES)
    assert math.isnan(trainer.totals.perplexity)
    assert math.isnan(trainer.train(0).perplexity)
    assert trainer.totals.steps == trainer.totals.epoch == 0


class Clock:
    """A clock that advances only with training steps, a thousand per second."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def runs_with(self, trainer: Trainer) -> Callable[..., StepLog]:
        step_through = trainer._step_through

        def timed(order: Any, batch_starts: Any) -> StepLog:
            self.now += (len(batch_starts) - 1) / 1000
            return step_through(order, batch_starts)

        return timed


def test_train_for_takes_at_least_one_step_and_as_many_as_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer, clock = trainer_on(["abba", "baab", "abab"]), Clock()  # of equal length
    monkeypatch.setattr("model.training.trainer.time", clock)
    monkeypatch.setattr(trainer, "_step_through", clock.runs_with(trainer))
    assert trainer.train_for(0).steps == 1
    assert trainer.train_for(0).steps == 1
    assert trainer.train_for(0.2).steps == pytest.approx(200, abs=1)
    assert trainer.train_for(0.01).steps == pytest.approx(10, abs=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_diverged_network_has_an_infinite_perplexity(dtype: str) -> None:
    trainer = trainer_on(SENTENCES, TrainingConfig(learning_rate=10), cell="rnn", dtype=dtype)
    trainer.model.params[:] *= 1e30
    assert trainer.train(8).perplexity == math.inf
    assert trainer.totals.perplexity == math.inf


@pytest.mark.parametrize("name", ["Wil", "Wix0", "Wfh0", "bo0", "Wch0", "Whd", "bd"])
def test_a_nan_weight_is_not_hidden(name: str) -> None:
    trainer = trainer_on(["aba"])
    trainer.model.named_parameters()[name][:] = math.nan
    assert trainer.model.perplexity(["aba"]) == math.inf
    assert trainer.train(3).perplexity == math.inf


# ---------------------------------------------------------------- sentences


def test_sentences_of_one_character_can_be_trained_on() -> None:
    trainer = trainer_on(["a", "b", "c"])
    first = trainer.train(3).perplexity
    assert 1 < first < 10
    trainer.train(600)
    assert trainer.model.perplexity(["a", "b", "c"]) < first
    assert trainer.model.greedy() in {"a", "b", "c"}


def test_a_much_longer_sentence_can_follow_short_ones() -> None:
    sentences = ["a", "ab" * 3000]
    trainer = trainer_on(sentences, TrainingConfig(shuffle=False))
    assert [trainer.train(1).characters for _ in range(3)] == [1, 6000, 1]
    assert math.isfinite(trainer.totals.perplexity)


@pytest.mark.parametrize(
    ("sentences", "code", "named"),
    [
        ([], "no_sentences", None),
        (["start", ""], "empty_sentence", None),
        (["start", "stop!", "Q"], "unknown_characters", "'o', 'p', '!'"),
    ],
)
def test_invalid_sentences_are_refused_by_field(
    sentences: list[str], code: str, named: str | None
) -> None:
    model = CharModel.create(Vocabulary.from_sentences(["start"]), hidden_sizes=(2,))
    with pytest.raises(TextError, match=named) as caught:
        Trainer(model, sentences)
    assert (caught.value.code, caught.value.field) == (code, "text")


# ---------------------------------------------------------------- threads


def test_trainings_in_two_threads_are_independent() -> None:
    def train(seed: int, cell: str) -> np.ndarray[Any, Any]:
        given = TrainingConfig(seed=seed)
        trainer = trainer_on(SENTENCES, given, cell=cell, hidden_sizes=(12, 7), seed=seed)
        for _ in range(60):
            trainer.train(10)
        return trainer.model.params

    jobs = [(seed, cell) for seed in (1, 2, 3) for cell in ("lstm", "rnn")]
    alone = [train(*job) for job in jobs]
    with ThreadPoolExecutor(max_workers=2) as threads:
        together = list(threads.map(train, *zip(*jobs, strict=True)))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_can_move_between_threads() -> None:
    stays, moves = trainer_on(SENTENCES), trainer_on(SENTENCES)
    for _ in range(5):
        stays.train(9)
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(moves.train, 9).result()
    np.testing.assert_array_equal(stays.model.params, moves.model.params)


# ---------------------------------------------------------------- batches, optimizers, resuming


@pytest.mark.parametrize("batch_size", [3, 7, 100])
def test_each_epoch_of_batches_has_each_sentence_once(batch_size: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 40)
    batches = BatchSampler(lengths, batch_size, shuffle=True, seed=1)
    steps = math.ceil(len(lengths) / batch_size)
    for _ in range(3):
        order, starts = batches.next_batches(steps)
        assert sorted(order) == list(range(len(lengths)))
        for first, end in itertools.pairwise(starts):
            assert 1 <= end - first <= batch_size
            assert (np.diff(lengths[order[first:end]]) <= 0).all()  # the longest first


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize(("cell", "dtype"), [("lstm", "float32"), ("gru", "float64")])
def test_a_saved_training_resumes_exactly(
    cell: str, dtype: str, batch_size: int, optimizer: OptimizerName
) -> None:
    settings = TrainingConfig(seed=4, batch_size=batch_size, optimizer=optimizer)
    trainer = trainer_on(SENTENCES, settings, dtype=dtype, cell=cell)
    trainer.train(11)
    saved = json.dumps(trainer.to_json())
    resumed = Trainer.from_json(saved, SENTENCES, replace(settings, seed=None), dtype=dtype)
    trainer.train(30)
    resumed.train(30)
    np.testing.assert_array_equal(resumed.model.params, trainer.model.params)
    np.testing.assert_array_equal(resumed.optimizer.square_avg, trainer.optimizer.square_avg)


@pytest.mark.parametrize(
    "order",
    [
        1,
        "abc",
        {"sentences": len(SENTENCES)},
        {"sentences": len(SENTENCES), "order": [99], "sizes": [1], "random": {}},
        {"sentences": len(SENTENCES), "order": [0], "sizes": [1, 1], "random": {}},
        {"sentences": len(SENTENCES), "order": "x", "sizes": [[]], "random": None},
        {"sentences": len(SENTENCES), "order": [], "sizes": [], "random": {"state": "x"}},
    ],
)
def test_an_invalid_order_of_sentences_is_refused(order: Any) -> None:
    saved = trainer_on(SENTENCES).to_json()
    saved["solver"]["order"] = order
    with pytest.raises(FormatError) as caught:
        Trainer.from_json(saved, SENTENCES)
    assert (caught.value.code, caught.value.field) == ("order_damaged", "json")


def test_a_diverged_training_rolls_back_and_halves_the_learning_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "model.training.divergence.SECONDS_BETWEEN_SNAPSHOTS", 0.0
    )  # every sound state is kept
    trainer = trainer_on(SENTENCES, TrainingConfig(learning_rate=0.01, seed=1))
    trainer.train(1000)
    sound = trainer.model.perplexity(SENTENCES)
    trainer.model.params[:] = np.nan  # as a step that went wrong would leave it
    trainer.train(10)
    (rollback,) = trainer.rollbacks
    assert rollback.learning_rate == trainer.config.learning_rate == 0.005
    assert trainer.model.perplexity(SENTENCES) < sound * 1.5
    trainer.train(500)
    assert trainer.rollbacks == (rollback,)


def test_a_training_that_keeps_diverging_is_hopeless_until_it_is_tried_again() -> None:
    """Such as one of a loaded model with weights of 3e38."""
    trainer = trainer_on(SENTENCES, TrainingConfig(learning_rate=0.01, seed=1))
    trainer.model.params[:] = 3e38
    trainer = Trainer(trainer.model, SENTENCES, trainer.config)
    for attempt in (1, 2):
        for _ in range(MAX_ROLLBACKS):
            trainer.train_for(0)
        assert trainer.is_hopeless
        assert len(trainer.rollbacks) == attempt * MAX_ROLLBACKS
    for _ in range(100):
        trainer.train(1)
    assert trainer.learning_rate == MIN_LEARNING_RATE


def test_a_good_stretch_between_rollbacks_gives_hope(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that diverges now and then goes on."""
    monkeypatch.setattr("model.training.divergence.SECONDS_BETWEEN_SNAPSHOTS", 0.0)
    trainer = trainer_on(SENTENCES, TrainingConfig(learning_rate=0.01, seed=1))
    for _ in range(MAX_ROLLBACKS + 1):
        trainer.train(10)
        trainer.model.params[:] = np.nan
        trainer.train(10)
        assert not trainer.is_hopeless
    assert len(trainer.rollbacks) == MAX_ROLLBACKS + 1


def test_a_good_network_that_does_not_know_its_text_has_not_diverged() -> None:
    """It predicts worse than by guessing, but no worse than at its start."""
    model = trainer_on(["ab"]).model
    Trainer(model, ["aaaa"], TrainingConfig(learning_rate=0.01, seed=1)).train(1000)
    trainer = Trainer(model, ["bbbb", "ba"], TrainingConfig(learning_rate=1e-4, seed=1))
    at_start = model.perplexity(["bbbb", "ba"])
    for _ in range(5):
        trainer.train(1)
    assert trainer.totals.perplexity > MAX_RELATIVE_PERPLEXITY * model.layout.inputs
    assert (trainer.rollbacks, trainer.learning_rate) == ((), 1e-4)

    model.params *= 100  # finite, but much worse than that
    trainer.train(2)
    assert len(trainer.rollbacks) == 1
    assert model.perplexity(["bbbb", "ba"]) == at_start


def test_running_text_that_a_good_network_does_not_know_is_no_divergence() -> None:
    config = TrainingConfig(mode="text", sequence_length=20, batch_size=2, learning_rate=0.01)
    model = trainer_on(["ab"]).model
    Trainer(model, "a" * 200, config).train(1000)
    trainer = Trainer(model, "b" * 200, replace(config, learning_rate=1e-4))
    for _ in range(5):
        trainer.train(1)
    assert trainer.totals.perplexity > MAX_RELATIVE_PERPLEXITY * model.layout.inputs
    assert (trainer.rollbacks, trainer.learning_rate) == ((), 1e-4)


def test_the_originals_training_can_diverge() -> None:
    trainer = trainer_on(SENTENCES, TrainingConfig.recurrentjs(seed=1))
    trainer.model.params[:] = np.nan
    trainer.train(10)
    assert trainer.rollbacks == ()
    assert math.isinf(trainer.totals.perplexity)


@pytest.mark.parametrize(
    ("cell", "sizes"), [("lstm", (20, 20)), ("lstm", (40,)), ("rnn", (20, 20))]
)
def test_the_default_options_do_not_diverge(cell: str, sizes: tuple[int, ...]) -> None:
    for seed in range(5):
        trainer = trainer_on(
            SENTENCES,
            TrainingConfig(seed=seed),
            cell=cell,
            hidden_sizes=sizes,
            embedding_size=5,
            seed=seed,
            dtype=np.float64,
        )
        trainer.train(800)
        untrained = len(trainer.model.vocabulary)  # a diverged network is near or above it
        assert trainer.model.perplexity(SENTENCES) < untrained / 3


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_the_perplexity_of_the_default_network_falls(cell: str) -> None:
    model = CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, seed=1)
    untrained = model.perplexity(SENTENCES)
    assert untrained == pytest.approx(len(model.vocabulary), rel=0.05)  # it knows nothing
    rate = 0.01 if cell == "lstm" else 0.001  # ReLU diverges at the higher one
    trainer = Trainer(model, SENTENCES, TrainingConfig(learning_rate=rate, seed=1))
    trainer.train(2000)
    assert model.perplexity(SENTENCES) < untrained / 3


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_kernels_are_compiled_after_compile_kernels(cell: str) -> None:
    compile_kernels(cell)
    assert training_compiled(cell)
    assert not training_compiled("transformer")


# ---------------------------------------------------------------- recorded updates


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_recording_does_not_change_a_step(batch_size: int, optimizer: OptimizerName) -> None:
    given = TrainingConfig(seed=1, batch_size=batch_size, optimizer=optimizer, schedule="halve")
    watched, other = trainer_on(SENTENCES, given), trainer_on(SENTENCES, given)
    for steps in (1, 4, 7):
        watched.record_next_update()
        assert watched.train(steps).cost == other.train(steps).cost
        np.testing.assert_array_equal(watched.model.params, other.model.params)
    assert other.last_update is None


def test_a_recorded_update_has_the_relative_change_of_each_parameter() -> None:
    trainer = trainer_on(SENTENCES, TrainingConfig(seed=1), dtype=np.float64)
    trainer.record_next_update()
    trainer.train(0)
    assert trainer.last_update is None  # there was no step to see
    trainer.train(6)
    other = trainer_on(SENTENCES, TrainingConfig(seed=1), dtype=np.float64)
    other.train(5)
    before = other.model.params.copy()
    other.train(1)
    assert trainer.last_update is not None
    assert trainer.last_update.step == 6
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.abs((other.model.params - before) / before)
    np.testing.assert_allclose(trainer.last_update.relative_change, expected)
    trainer.train(3)
    assert trainer.last_update.step == 6  # it is seen once, as was asked


def test_clip_fraction_is_that_of_the_last_stretch() -> None:
    trainer = trainer_on(SENTENCES, TrainingConfig(seed=1, clip=1e-9))
    assert trainer.clip_fraction is None
    trainer.train(3)
    assert trainer.clip_fraction is not None
    assert trainer.clip_fraction > 0.5
    trainer.config = replace(trainer.config, clip=1000.0)
    trainer.train(3)
    assert trainer.clip_fraction == 0.0
