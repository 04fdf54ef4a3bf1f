"""The reference cells: compared with the kernels, the original and PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import CharModel, Graph, Mat, TextError, Vocabulary
from model.analysis.gradient_check import kernel_loss_and_gradient
from model.autograd.reference_cells import (
    STEPS,
    layer_states,
    reference_loss_and_gradient,
    zero_state,
)
from model.formats.checkpoint import load_model
from model.network import CELLS

Float64Array = npt.NDArray[np.float64]

ALPHABET = "abcd"
VECTORS = sorted((Path(__file__).parents[2] / "data" / "parity").glob("*.json"))

# The gates of a cell as the matrices of the saved JSON name them, in PyTorch's order.
TORCH_GATES = {"lstm": ["i", "f", "c", "o"], "gru": ["r", "z", "c"], "rnn": ["h"]}


def named(gate: str, cell: str, d: int) -> tuple[str, str, str]:
    if cell == "rnn":
        return f"Wxh{d}", f"Whh{d}", f"bhh{d}"
    return f"W{gate}x{d}", f"W{gate}h{d}", f"b{gate}{d}"


def random_matrices(
    cell: str, inputs: int, embedding_size: int, hidden_sizes: list[int], seed: int
) -> dict[str, Mat]:
    random = np.random.default_rng(seed)

    def numbers(rows: int, columns: int) -> Mat:
        return Mat(random.normal(scale=0.5, size=(rows, columns)))

    matrices = {"Wil": numbers(inputs, embedding_size)}
    below = embedding_size
    for d, hidden in enumerate(hidden_sizes):
        for gate in TORCH_GATES[cell]:
            from_below, from_hidden, bias = named(gate, cell, d)
            matrices[from_below] = numbers(hidden, below)
            matrices[from_hidden] = numbers(hidden, hidden)
            matrices[bias] = numbers(hidden, 1)
        if cell == "gru":
            matrices[f"bch{d}"] = numbers(hidden, 1)
        below = hidden
    matrices["Whd"], matrices["bd"] = numbers(inputs, below), numbers(inputs, 1)
    return matrices


# ---------------------------------------------------------------- the kernels


@pytest.mark.parametrize("cell", sorted(CELLS))
@settings(max_examples=25)
@given(
    hidden_sizes=st.lists(st.integers(1, 24), min_size=1, max_size=3),
    embedding_size=st.integers(1, 9),
    sentence=st.text(ALPHABET, min_size=1, max_size=16),
    seed=st.integers(0, 2**32 - 1),
)
@example(hidden_sizes=[1], embedding_size=1, sentence="a", seed=0)
@example(hidden_sizes=[20, 20], embedding_size=5, sentence="abcdabcdabcd", seed=0)
@example(hidden_sizes=[17, 8, 33], embedding_size=5, sentence="dcbadcba", seed=0)
def test_graph_and_kernels_compute_the_same_loss_and_gradient(
    cell: str, hidden_sizes: list[int], embedding_size: int, sentence: str, seed: int
) -> None:
    vocabulary = Vocabulary.from_sentences([ALPHABET])
    model = CharModel.create(vocabulary, cell, hidden_sizes, embedding_size, dtype=np.float64)
    model.params[:] = np.random.default_rng(seed).normal(scale=0.5, size=model.num_parameters)
    cost, gradient = reference_loss_and_gradient(model, sentence)
    kernel_cost, kernel_gradient = kernel_loss_and_gradient(model, sentence)
    assert kernel_cost == pytest.approx(cost, rel=1e-9)
    assert float(model.losses([sentence])[0]) == pytest.approx(cost, rel=1e-9)
    assert list(gradient) == list(model.named_parameters()) == list(kernel_gradient)
    for name, expected in gradient.items():
        np.testing.assert_allclose(
            kernel_gradient[name], expected, rtol=1e-9, atol=1e-9, err_msg=name
        )


def test_the_reference_is_float64_and_does_not_change_the_model() -> None:
    model = CharModel.create(Vocabulary.from_sentences([ALPHABET]), hidden_sizes=(3,), seed=0)
    before = model.params.copy()
    cost, gradient = reference_loss_and_gradient(model, "abba")
    assert cost == pytest.approx(float(model.losses(["abba"])[0]), rel=1e-5)
    assert all(matrix.dtype == np.float64 for matrix in gradient.values())
    np.testing.assert_array_equal(model.params, before)


def test_the_reference_refuses_unknown_characters() -> None:
    model = CharModel.create(Vocabulary.from_sentences([ALPHABET]))
    with pytest.raises(TextError, match="'e'") as caught:
        reference_loss_and_gradient(model, "abcde")
    assert caught.value.code == "unknown_characters"


# ---------------------------------------------------------------- the original


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_final_models_costs_are_the_originals(path: Path) -> None:
    vector = json.loads(path.read_text())
    model = load_model(vector["final"], dtype="float64").model
    for evaluation in vector["evals"]:
        cost, _ = reference_loss_and_gradient(model, evaluation["sentence"])
        assert cost == pytest.approx(evaluation["cost"], rel=1e-9)


# ---------------------------------------------------------------- single cells


def sigmoid(x: Float64Array) -> Float64Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def test_a_gru_step_equals_its_formula() -> None:
    matrices = random_matrices("gru", 4, 3, [5], seed=1)
    x, h = (
        np.random.default_rng(2).normal(size=(3, 1)),
        np.random.default_rng(3).normal(size=(5, 1)),
    )
    m = {name.removesuffix("0"): matrix.data for name, matrix in matrices.items()}
    z = sigmoid(m["Wzx"] @ x + m["Wzh"] @ h + m["bz"])
    r = sigmoid(m["Wrx"] @ x + m["Wrh"] @ h + m["br"])
    n = np.tanh(m["Wcx"] @ x + m["bc"] + r * (m["Wch"] @ h + m["bch"]))
    [after] = STEPS["gru"](matrices, 0, Mat(x), (Mat(h),))
    np.testing.assert_allclose(after.data, (1 - z) * n + z * h, rtol=1e-12)


@pytest.mark.parametrize("cell", sorted(STEPS))
def test_a_cell_processes_many_sentences_at_once(cell: str) -> None:
    matrices = random_matrices(cell, 4, 3, [5], seed=1)
    xs = np.random.default_rng(2).normal(size=(3, 7))
    together = STEPS[cell](matrices, 0, Mat(xs), zero_state(cell, 5))
    for column in range(7):
        alone = STEPS[cell](matrices, 0, Mat(xs[:, [column]]), zero_state(cell, 5))
        for all_columns, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(all_columns.data[:, [column]], one.data, rtol=1e-12)


@pytest.mark.parametrize("cell", sorted(STEPS))
@pytest.mark.parametrize("hidden", [1, 4, 20])
def test_a_layer_equals_pytorchs(cell: str, hidden: int) -> None:
    torch = pytest.importorskip(
        "torch", reason="PyTorch is not installed: the cells are not compared with its own"
    )
    matrices = random_matrices(cell, 4, 3, [hidden], seed=hidden)
    xs = Mat(np.random.default_rng(4).normal(size=(3, 6)))  # (I, T)
    with Graph() as graph:
        states = layer_states(cell, matrices, 0, xs, hidden)
        hs = Mat.concatenate([state[0] for state in states], axis=1)  # (H, T)
        loss = (hs * hs).sum()
    graph.backward(loss)

    peer = torch_layer(torch, cell, matrices, 3, hidden)
    inputs = torch.tensor(xs.data.T, requires_grad=True)  # (T, I)
    outputs, _ = peer(inputs)
    (outputs * outputs).sum().backward()
    np.testing.assert_allclose(hs.data.T, outputs.detach().numpy(), rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(xs.grad.T, inputs.grad.numpy(), rtol=1e-5, atol=1e-12)
    names = [named(gate, cell, 0) for gate in TORCH_GATES[cell]]
    for place, weight in enumerate((peer.weight_ih_l0, peer.weight_hh_l0)):
        grads = np.concatenate([matrices[three[place]].grad for three in names])
        np.testing.assert_allclose(grads, weight.grad.numpy(), rtol=1e-5, atol=1e-12)


def torch_layer(torch: Any, cell: str, matrices: dict[str, Mat], below: int, hidden: int) -> Any:
    """PyTorch's layer with the same weights; its second biases are 0 except for the GRU's."""
    names = [named(gate, cell, 0) for gate in TORCH_GATES[cell]]
    if cell == "rnn":
        peer = torch.nn.RNN(below, hidden, nonlinearity="relu", dtype=torch.float64)
    else:
        peer = getattr(torch.nn, cell.upper())(below, hidden, dtype=torch.float64)
    from_below, from_hidden, bias = (
        torch.tensor(np.concatenate([matrices[three[place]].data for three in names]))
        for place in range(3)
    )
    with torch.no_grad():
        peer.weight_ih_l0.copy_(from_below)
        peer.weight_hh_l0.copy_(from_hidden)
        peer.bias_ih_l0.copy_(bias[:, 0])
        peer.bias_hh_l0.zero_()
        if cell == "gru":
            peer.bias_hh_l0[-hidden:] = torch.tensor(matrices["bch0"].data[:, 0])
    return peer
