"""Validation sentences are not trained on, and are the same after a restart."""

from __future__ import annotations

import math
from collections import Counter

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
from model.training.validation import TextValidator

SENTENCES = [f"sentence number {number}" for number in range(200)]
LISTS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=150)
FRACTIONS = st.none() | st.floats(0, 0.5)


def model_for(sentences: list[str]) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(sentences), hidden_sizes=(6,), seed=1)


@given(LISTS, FRACTIONS)
def test_each_sentence_is_in_one_part_of_the_split(
    sentences: list[str], fraction: float | None
) -> None:
    train, validation = train_validation_split(sentences, fraction)
    assert sorted([*train, *validation]) == sorted(sentences)
    assert not set(train) & set(validation)
    assert train


@given(LISTS, FRACTIONS)
def test_the_share_is_of_the_lines_whatever_repeats(
    sentences: list[str], fraction: float | None
) -> None:
    """No further sentence would fit, unless half of the distinct ones are held out already."""
    share = fraction if fraction is not None else 0.05 * (len(sentences) >= 100)
    most = math.ceil(share * len(sentences))
    train, validation = train_validation_split(sentences, fraction)
    assert len(validation) <= most
    held_out, distinct = len(set(validation)), len(set(sentences))
    if held_out < min((distinct + 1) // 2, distinct - 1):
        fewest = min(Counter(train).values())
        assert len(validation) + fewest > most


def test_a_line_that_is_most_of_the_text_is_trained_on() -> None:
    log = [*["all is well"] * 990, *(f"visitor {number}" for number in range(10))]
    train, validation = train_validation_split(log)
    assert train.count("all is well") == 990
    assert 1 <= len(validation) <= 6
    assert not train_validation_split(["all is well"] * 1000).validation


@given(LISTS, FRACTIONS, st.randoms(use_true_random=False))
def test_the_split_does_not_depend_on_the_order(
    sentences: list[str], fraction: float | None, random: object
) -> None:
    shuffled = list(sentences)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert set(train_validation_split(shuffled, fraction).validation) == set(
        train_validation_split(sentences, fraction).validation
    )


@pytest.mark.parametrize(
    ("count", "fraction", "validation"),
    [(200, None, 10), (100, None, 5), (99, None, 0), (99, 0.1, 10), (200, 0.0, 0), (1, 0.5, 0)],
)
def test_the_validation_part_has_the_expected_size(
    count: int, fraction: float | None, validation: int
) -> None:
    assert len(train_validation_split(SENTENCES[:count], fraction).validation) == validation


def test_a_trainer_does_not_train_on_validation_sentences() -> None:
    trainer = Trainer(model_for(SENTENCES), SENTENCES, TrainingConfig(seed=1))
    everything = TrainingConfig(seed=1, validation_fraction=0.0)
    alone = Trainer(model_for(SENTENCES), train_validation_split(SENTENCES).train, everything)
    trainer.train(500)
    alone.train(500)
    np.testing.assert_array_equal(trainer.model.params, alone.model.params)


def test_evaluate_returns_the_models_perplexity() -> None:
    model = model_for(SENTENCES)
    validation = train_validation_split(SENTENCES).validation
    assert Validator(model, validation).evaluate() == pytest.approx(
        model.perplexity(validation), rel=1e-6
    )


def test_evaluation_in_parts_gives_the_same_perplexity() -> None:
    model = model_for(SENTENCES)
    held_out = Validator(model, SENTENCES)
    assert held_out.perplexity is None
    while not held_out.completed_passes:
        held_out.evaluate_for(1e-5)
    assert held_out.perplexity == pytest.approx(model.perplexity(SENTENCES), rel=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_evaluation_compiles_nothing_after_compile_kernels(cell: str) -> None:
    compile_kernels(cell)
    compiled = list(entry.evaluate.signatures)  # type: ignore[attr-defined]
    model = CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, (6,), seed=1)
    held_out = Validator(model, SENTENCES)
    held_out.evaluate_for(1e-5)
    held_out.evaluate()
    TextValidator(model, model.vocabulary.encode("".join(SENTENCES)), window=2).evaluate()
    assert list(entry.evaluate.signatures) == compiled  # type: ignore[attr-defined]


def test_a_diverged_network_has_an_infinite_perplexity() -> None:
    model = model_for(SENTENCES)
    model.params[:] = np.nan
    assert Validator(model, SENTENCES[:3]).evaluate() == math.inf


@pytest.mark.parametrize("fraction", [-0.1, 0.6, math.nan])
def test_an_invalid_fraction_is_refused_by_field(fraction: float) -> None:
    with pytest.raises(SettingsError) as refusal:
        TrainingConfig(validation_fraction=fraction)
    assert (refusal.value.code, refusal.value.field) == ("out_of_range", "validation_fraction")


def test_a_saved_training_has_the_same_validation_sentences() -> None:
    trainer = Trainer(model_for(SENTENCES), SENTENCES, TrainingConfig(seed=3))
    trainer.train(50)
    other_seed = Trainer.from_json(trainer.to_json(), SENTENCES, TrainingConfig(seed=4))
    again = Trainer.from_json(trainer.to_json(), SENTENCES, TrainingConfig(seed=3))
    assert other_seed.train_sentences == again.train_sentences == trainer.train_sentences
    trainer.train(100)
    again.train(100)
    np.testing.assert_array_equal(trainer.model.params, again.model.params)
