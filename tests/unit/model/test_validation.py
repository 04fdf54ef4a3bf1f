"""Sentences kept aside are never learnt, and are the same ones wherever a training goes on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import (
    CharModel,
    Trainer,
    TrainingConfig,
    Validator,
    Vocabulary,
    compile_kernels,
    train_validation_split,
)
from model.errors import SettingsError
from model.kernels import entry_points as entry

SENTENCES = [f"sentence number {number}" for number in range(200)]
LISTS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=150)
FRACTIONS = st.none() | st.floats(0, 0.5)


def model_for(sentences: list[str]) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(sentences), hidden_sizes=(6,), seed=1)


@given(LISTS, FRACTIONS)
def test_every_sentence_is_learnt_or_kept_aside_and_none_both(
    sentences: list[str], fraction: float | None
) -> None:
    learnt, aside = train_validation_split(sentences, fraction)
    assert sorted([*learnt, *aside]) == sorted(sentences)
    assert not set(learnt) & set(aside)
    assert learnt


@given(LISTS, FRACTIONS, st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order(
    sentences: list[str], fraction: float | None, random: object
) -> None:
    shuffled = list(sentences)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert set(train_validation_split(shuffled, fraction).validation) == set(
        train_validation_split(sentences, fraction).validation
    )


@pytest.mark.parametrize(
    ("count", "fraction", "aside"),
    [(200, None, 10), (100, None, 5), (99, None, 0), (99, 0.1, 10), (200, 0.0, 0), (1, 0.5, 0)],
)
def test_so_many_are_kept_aside(count: int, fraction: float | None, aside: int) -> None:
    assert len(train_validation_split(SENTENCES[:count], fraction).validation) == aside


def test_a_trainer_learns_nothing_of_what_is_kept_aside() -> None:
    trainer = Trainer(model_for(SENTENCES), SENTENCES, TrainingConfig(seed=1))
    everything = TrainingConfig(seed=1, validation_fraction=0.0)
    alone = Trainer(model_for(SENTENCES), train_validation_split(SENTENCES).train, everything)
    trainer.train(500)
    alone.train(500)
    np.testing.assert_array_equal(trainer.model.params, alone.model.params)


def test_a_look_is_the_models_own_perplexity_of_them() -> None:
    model = model_for(SENTENCES)
    aside = train_validation_split(SENTENCES).validation
    assert Validator(model, aside).evaluate() == pytest.approx(model.perplexity(aside), rel=1e-6)


def test_looks_at_a_few_at_a_time_come_to_the_same() -> None:
    model = model_for(SENTENCES)
    held_out = Validator(model, SENTENCES)
    assert held_out.perplexity is None
    while not held_out.completed_passes:
        held_out.evaluate_for(1e-5)
    assert held_out.perplexity == pytest.approx(model.perplexity(SENTENCES), rel=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_look_compiles_nothing_that_was_not_prepared(cell: str) -> None:
    compile_kernels(cell)
    compiled = list(entry.evaluate.signatures)  # type: ignore[attr-defined]
    model = CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, (6,), seed=1)
    held_out = Validator(model, SENTENCES)
    held_out.evaluate_for(1e-5)
    held_out.evaluate()
    assert list(entry.evaluate.signatures) == compiled  # type: ignore[attr-defined]


def test_a_network_that_has_run_off_is_infinitely_unsure() -> None:
    model = model_for(SENTENCES)
    model.params[:] = np.nan
    assert Validator(model, SENTENCES[:3]).evaluate() == math.inf


@pytest.mark.parametrize("fraction", [-0.1, 0.6, math.nan])
def test_a_fraction_out_of_range_is_refused_by_name(fraction: float) -> None:
    with pytest.raises(SettingsError) as refusal:
        TrainingConfig(validation_fraction=fraction)
    assert (refusal.value.code, refusal.value.field) == ("out_of_range", "validation_fraction")


def test_a_training_that_is_saved_keeps_the_same_ones_aside() -> None:
    trainer = Trainer(model_for(SENTENCES), SENTENCES, TrainingConfig(seed=3))
    trainer.train(50)
    again = Trainer.from_json(trainer.to_json(), SENTENCES, TrainingConfig(seed=4))
    assert again.train_sentences == trainer.train_sentences
    trainer.train(100)
    again.train(100)
    np.testing.assert_array_equal(trainer.model.params, again.model.params)
