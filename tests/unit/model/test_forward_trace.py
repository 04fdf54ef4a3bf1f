"""Forward traces, compared with the expression graph and the model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import END, CharModel, Mat, TextError, Vocabulary
from model.autograd.reference_cells import layer_states
from model.kernels.types import BOUNDARY, Float64Array
from model.network import CELLS

KINDS = sorted(CELLS)
ALPHABET = "abcde "
TEXTS = st.text(ALPHABET, max_size=30)
SEEDS = st.integers(0, 1000)


def network(cell: str, seed: int, dtype: str = "float64") -> CharModel:
    """Two layers of unequal size, with confident predictions."""
    model = CharModel.create(Vocabulary(ALPHABET), cell, (6, 4), 3, dtype=dtype)
    scale = 0.4 if cell == "rnn" else 0.9  # ReLU is unbounded
    model.params[:] = np.random.default_rng(seed).normal(scale=scale, size=model.num_parameters)
    return model


def graph_states(model: CharModel, text: str) -> list[list[Float64Array]]:
    """The states of each layer by the expression graph: h, and c where there is one, (T, units)."""
    matrices = {name: Mat(matrix) for name, matrix in model.named_parameters().items()}
    letters = [BOUNDARY, *map(int, model.vocabulary.encode(text))]
    below = matrices["Wil"].take_rows(letters).T
    found = []
    for d, hidden in enumerate(model.hidden_sizes):
        states = layer_states(model.cell, matrices, d, below, hidden)
        below = Mat.concatenate([state[0] for state in states], axis=1)
        found.append(
            [np.hstack([part.data for part in parts]).T for parts in zip(*states, strict=True)]
        )
    return found


@pytest.mark.parametrize("cell", KINDS)
@settings(max_examples=25)
@given(text=TEXTS, seed=SEEDS)
def test_activations_equal_those_of_the_graph(cell: str, text: str, seed: int) -> None:
    model = network(cell, seed)
    expected = graph_states(model, text)
    activations = model.activations(text)
    assert len(activations) == len(expected)
    for layer, states in zip(activations, expected, strict=True):
        assert layer.h.shape == (len(text) + 1, states[0].shape[1])
        np.testing.assert_allclose(layer.h, states[0], atol=1e-9)
        if cell == "lstm":
            np.testing.assert_allclose(layer.c, states[1], atol=1e-9)
        else:
            assert layer.c is None


@pytest.mark.parametrize("cell", KINDS)
@settings(max_examples=25)
@given(text=TEXTS.filter(bool), seed=SEEDS)
def test_the_perplexity_follows_from_the_probabilities(cell: str, text: str, seed: int) -> None:
    model = network(cell, seed, "float32")
    reading = model.trace(text)
    mean = np.log(reading.target_probabilities.astype(np.float64)).mean()
    assert math.exp(-mean) == pytest.approx(model.perplexity([text]), rel=1e-4)
    assert reading.perplexity == pytest.approx(model.perplexity([text]), rel=1e-6)


@pytest.mark.parametrize("cell", KINDS)
def test_each_row_equals_the_prediction_after_its_prefix(cell: str) -> None:
    model = network(cell, 3)
    text = "a bad cab"
    reading = model.trace(text)
    for t in range(len(text) + 1):
        expected = model.next_char_probabilities(text[:t])
        assert list(expected) == [END, *ALPHABET]
        np.testing.assert_allclose(reading.probabilities[t], list(expected.values()), atol=1e-9)
    assert model.vocabulary.decode(reading.targets[:-1]) == text
    assert reading.targets[-1] == BOUNDARY


def test_a_trace_is_independent_of_later_traces() -> None:
    model = network("lstm", 1, "float32")
    first = model.trace("abc")
    before = first.probabilities.copy(), first.layers[1].h.copy()
    model.trace("deadbeadabcde" * 3)
    np.testing.assert_array_equal(first.probabilities, before[0])
    np.testing.assert_array_equal(first.layers[1].h, before[1])


def test_unknown_characters_are_refused() -> None:
    with pytest.raises(TextError, match="'x', 'y'") as caught:
        network("gru", 1).trace("abxy")
    assert caught.value.code == "unknown_characters"
