"""The gradient check finds wrong gradients, and accepts right ones."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import (
    CharModel,
    Graph,
    Mat,
    ModelError,
    SettingsError,
    ShapeError,
    TextError,
    Trainer,
    Vocabulary,
    gradient_check,
    graph_gradient_check,
)
from model.network import CELLS

RIGHT = 1e-5
ALPHABET = "abcd"


def network(
    cell: str, hidden_sizes: list[int], embedding_size: int = 3, seed: int = 0
) -> CharModel:
    vocabulary = Vocabulary.from_sentences([ALPHABET])
    return CharModel.create(vocabulary, cell, hidden_sizes, embedding_size, seed)


# ---------------------------------------------------------------- models


@pytest.mark.parametrize("cell", sorted(CELLS))
@settings(max_examples=12)
@given(
    hidden_sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    embedding_size=st.integers(1, 4),
    sentence=st.text(ALPHABET, min_size=1, max_size=10),
    scale=st.sampled_from([1.0, 3.0, 10.0]),
    bias=st.sampled_from([0.01, -0.02, 0.03]),  # keeps rectifiers with zero inputs off their corner
    seed=st.integers(0, 2**32 - 1),
)
# Two corners of a rectifier lie less than 1e-7 apart.
@example(hidden_sizes=[1, 2, 1], embedding_size=2, sentence="a", scale=1.0, bias=0.0, seed=16151)
def test_graph_and_kernels_agree_with_the_slopes(
    cell: str,
    hidden_sizes: list[int],
    embedding_size: int,
    sentence: str,
    scale: float,
    bias: float,
    seed: int,
) -> None:
    model = network(cell, hidden_sizes, embedding_size, seed)
    model.params *= scale
    for name, matrix in model.named_parameters().items():
        if name.startswith("b"):
            matrix[:] += bias
    report = gradient_check(model, sentence)
    assert (
        list(report.graph.errors) == list(report.kernels.errors) == list(model.named_parameters())
    )
    assert report.largest == max(report.graph.largest, report.kernels.largest)
    assert report.largest < RIGHT, report


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_trained_network_agrees_and_is_unchanged(cell: str) -> None:
    model = network(cell, [8, 8])
    Trainer(model, ["abcd", "dcba", "abba"]).train(200)
    before = model.params.copy()
    assert gradient_check(model, "abcd").largest < RIGHT
    np.testing.assert_array_equal(model.params, before)
    assert model.params.dtype == np.float32


def test_a_wrong_gradient_of_the_kernels_is_reported_for_its_matrix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = sys.modules["model.analysis.gradient_check"]
    right = module.kernel_loss_and_gradient

    def wrong_in_one_number(model: CharModel, *sentences: str) -> Any:
        cost, gradient = right(model, *sentences)
        gradient["Whd"][0, 0] += 1
        return cost, gradient

    monkeypatch.setattr(module, "kernel_loss_and_gradient", wrong_in_one_number)
    report = gradient_check(network("lstm", [4]), "abcd")
    wrong = [name for name, error in report.kernels.errors.items() if error > RIGHT]
    assert wrong == ["Whd"]
    assert report.graph.largest < RIGHT
    assert report.largest == report.kernels.errors["Whd"]


def test_a_part_of_each_matrix_can_be_checked() -> None:
    model = network("lstm", [40])
    report = gradient_check(model, "abcd", numbers_per_matrix=2, seed=3)
    assert list(report.graph.errors) == list(model.named_parameters())
    assert report.largest < RIGHT
    assert gradient_check(model, "abcd", numbers_per_matrix=2, seed=3) == report


def test_invalid_arguments_are_refused() -> None:
    model = network("rnn", [2])
    with pytest.raises(TextError) as unknown:
        gradient_check(model, "xyz")
    assert unknown.value.code == "unknown_characters"
    with pytest.raises(TextError) as empty:
        gradient_check(model, "")
    assert empty.value.code == "empty_sentence"
    with pytest.raises(SettingsError) as none:
        gradient_check(model, "ab", numbers_per_matrix=0)
    assert none.value.code == "invalid_numbers_per_matrix"
    assert none.value.field == "numbers_per_matrix"


def test_a_diverged_network_has_nan_errors() -> None:
    model = network("lstm", [2])
    model.params[:] = np.nan
    assert math.isnan(gradient_check(model, "ab").largest)


def test_a_report_is_a_table_of_matrices() -> None:
    lines = str(gradient_check(network("rnn", [2]), "ab")).splitlines()
    assert lines[0].split() == ["graph", "kernels"]
    assert [line.split()[0] for line in lines[1:]] == ["Wil", "Wxh0", "Whh0", "bhh0", "Whd", "bd"]


# ---------------------------------------------------------------- expressions


def square(x: Mat, slope: float) -> Mat:
    """x * x, with a derivative of `slope` * x."""
    out = Mat(x.data**2)

    def backward() -> None:
        x.grad += slope * x.data * out.grad

    return Graph.record(out, backward)


@pytest.mark.parametrize(
    ("slope", "least", "most"),
    [(2.0, 0.0, RIGHT), (2.1, 0.04, 0.06), (4.0, 0.4, 0.6), (0.0, 0.99, 1.0)],
)
def test_the_error_is_relative_to_the_largest_slope(
    slope: float, least: float, most: float
) -> None:
    mats = {"right": Mat([[1.0, -2.0]]), "wrong": Mat([[0.5], [3.0]])}
    report = graph_gradient_check(
        lambda: (mats["wrong"] @ mats["right"]).tanh().sum() + square(mats["wrong"], slope).sum(),
        mats,
    )
    assert report.errors["right"] < RIGHT
    assert least <= report.errors["wrong"] <= most


def test_matrices_are_restored() -> None:
    x, y = Mat([[1.5, -2.0]]), Mat([[0.5, 3.0]])
    x.grad[:] = 7.0

    def build() -> Mat:
        return (x * y).sum()

    with Graph() as graph:
        graph_gradient_check(build, {"x": x})
    np.testing.assert_array_equal(x.data, [[1.5, -2.0]])
    np.testing.assert_array_equal(x.grad, [[7.0, 7.0]])
    assert len(graph) == 0


def test_the_corner_of_relu_is_no_error() -> None:
    near = Mat([[0.0, 1e-9, -1e-9, 3e-6, -3e-5, 1.0]])
    assert graph_gradient_check(lambda: near.relu().sum(), {"near": near}).largest < RIGHT


def test_slopes_too_small_to_measure_are_no_error() -> None:
    x = Mat([[1.0, 2.0]])
    report = graph_gradient_check(lambda: (x * 1e-14).sum() + 50.0, {"x": x})
    assert report.largest < RIGHT


def test_a_loss_must_be_one_number_of_the_graph() -> None:
    x = Mat([[1.0, 2.0]])
    with pytest.raises(ShapeError) as two:
        graph_gradient_check(lambda: x + x, {"x": x})
    assert (two.value.code, two.value.field) == ("loss_not_a_scalar", "backward")
    one = Mat([[1.0]])
    with pytest.raises(ModelError) as elsewhere:
        graph_gradient_check(lambda: one, {"x": x})
    assert (elsewhere.value.code, elsewhere.value.field) == ("loss_not_in_graph", "backward")
    assert (x.grad == 0).all()
