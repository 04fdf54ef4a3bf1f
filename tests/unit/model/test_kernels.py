"""The kernels, compared with simple numerics."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import CharModel, Vocabulary
from model.analysis.gradient_check import kernel_loss_and_gradient
from model.kernels.linalg import activations
from model.kernels.linalg import gemm as products
from model.network import CELLS

Float64Array = npt.NDArray[np.float64]

ALPHABET = "abcd"
PRECISIONS = ["float32", "float64"]

# ---------------------------------------------------------------- gradients

STEP = 1e-5  # of the slopes that gradients are compared with
SLOPE_ERROR = 1e-6  # of a slope: rounding of the cost, over the step


@settings(max_examples=25)
@given(
    cell=st.sampled_from(sorted(CELLS)),
    hidden_sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    embedding_size=st.integers(1, 4),
    sentence=st.text(ALPHABET, min_size=1, max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
@example(cell="lstm", hidden_sizes=[1], embedding_size=1, sentence="a", seed=0)
@example(cell="rnn", hidden_sizes=[1], embedding_size=1, sentence="a", seed=0)
@example(cell="lstm", hidden_sizes=[9, 8, 17], embedding_size=5, sentence="abcdabcd", seed=0)
@example(cell="gru", hidden_sizes=[9, 8, 17], embedding_size=5, sentence="abcdabcd", seed=0)
@example(cell="rnn", hidden_sizes=[9, 8, 17], embedding_size=5, sentence="abcdabcd", seed=0)
def test_gradients_equal_the_slopes_of_the_loss(
    cell: str, hidden_sizes: list[int], embedding_size: int, sentence: str, seed: int
) -> None:
    model = random_network(cell, hidden_sizes, embedding_size, seed)
    found = model.layout.views(gradient(model, sentence))
    for name, matrix in model.named_parameters().items():
        before, behind = slopes(model, matrix, sentence)
        # The slopes are equal, unless a ReLU has its corner within the step.
        lowest = np.minimum(before, behind) - SLOPE_ERROR
        highest = np.maximum(before, behind) + SLOPE_ERROR
        assert ((lowest <= found[name]) & (found[name] <= highest)).all(), name


def random_network(cell: str, hidden_sizes: list[int], embedding_size: int, seed: int) -> CharModel:
    vocabulary = Vocabulary.from_sentences([ALPHABET])
    model = CharModel.create(vocabulary, cell, hidden_sizes, embedding_size, dtype=np.float64)
    random = np.random.default_rng(seed)
    model.params[:] = random.normal(scale=0.5, size=model.num_parameters)  # biases too
    return model


def gradient(model: CharModel, *sentences: str) -> Float64Array:
    """The mean gradient of the losses of the sentences, (parameters,)."""
    flat = np.zeros_like(model.params)
    for name, matrix in kernel_loss_and_gradient(model, *sentences)[1].items():
        model.layout.views(flat)[name][:] = matrix
    return np.asarray(flat, dtype=np.float64)


def slopes(
    model: CharModel, matrix: npt.NDArray[Any], sentence: str
) -> tuple[Float64Array, Float64Array]:
    """The one-sided slopes of the loss at each number of a matrix."""
    cost = float(model.losses([sentence])[0])
    before, behind = np.zeros((2, *matrix.shape))
    for place in np.ndindex(*matrix.shape):
        value = matrix[place]
        matrix[place] = value - STEP
        before[place] = (cost - model.losses([sentence])[0]) / STEP
        matrix[place] = value + STEP
        behind[place] = (model.losses([sentence])[0] - cost) / STEP
        matrix[place] = value
    return before, behind


@pytest.mark.parametrize("cell", sorted(CELLS))
@settings(max_examples=25)
@given(
    hidden_sizes=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    embedding_size=st.integers(1, 20),
    sentence=st.text(ALPHABET, min_size=1, max_size=40),
    seed=st.integers(0, 2**32 - 1),
)
def test_float32_gradients_equal_float64_within_rounding(
    cell: str, hidden_sizes: list[int], embedding_size: int, sentence: str, seed: int
) -> None:
    double = random_network(cell, hidden_sizes, embedding_size, seed)
    double.params[:] = (double.params * 0.5).astype(np.float32)  # mild enough not to amplify much
    single = CharModel(double.vocabulary, double.layout, double.params.astype(np.float32))
    np.testing.assert_allclose(single.losses([sentence]), double.losses([sentence]), rtol=1e-5)
    exact = gradient(double, sentence)
    apart = np.linalg.norm(gradient(single, sentence) - exact)
    assert apart < 1e-4 * (np.linalg.norm(exact) + 1e-3)


@settings(max_examples=25)
@given(
    cell=st.sampled_from(sorted(CELLS)),
    hidden_sizes=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    sentences=st.lists(st.text(ALPHABET, min_size=1, max_size=12), min_size=1, max_size=7),
    seed=st.integers(0, 2**32 - 1),
)
@example(cell="lstm", hidden_sizes=[3], sentences=["abcd", "abc", "abc", "a", "a"], seed=0)
@example(cell="gru", hidden_sizes=[3, 2], sentences=["ab", "ab", "ab"], seed=0)
def test_the_gradient_of_a_batch_is_the_mean_over_its_sentences(
    cell: str, hidden_sizes: list[int], sentences: list[str], seed: int
) -> None:
    model = random_network(cell, hidden_sizes, embedding_size=3, seed=seed)
    alone = np.mean([gradient(model, sentence) for sentence in sentences], axis=0)
    np.testing.assert_allclose(gradient(model, *sentences), alone, rtol=1e-9, atol=1e-12)
    cost, _ = kernel_loss_and_gradient(model, *sentences)
    np.testing.assert_allclose(cost, model.losses(sentences).sum(), rtol=1e-12)


# ---------------------------------------------------------------- products


def compiled(product: Any) -> Any:
    """A product that Python can call, for matrices with gaps between rows."""

    def call(a: Any, b: Any, out: Any) -> None:
        product(a, b, out)

    matrices = {number: (number[:, :],) * 3 for number in (numba.float32, numba.float64)}
    return numba.njit([numba.void(*three) for three in matrices.values()])(call)


ADD_PRODUCT = compiled(products.gemm_nn)
ADD_TRANSPOSED_PRODUCT = compiled(products.gemm_tn)
ADD_PRODUCT_WITH_TRANSPOSED = compiled(products.gemm_nt)

# Around the lengths at which a tile or a vector is full, and anything in between.
lengths = st.sampled_from(
    [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]
) | st.integers(1, 140)
UNTOUCHED = 1234.5


def matrix_apart(random: np.random.Generator, rows: int, columns: int, dtype: str, gap: int) -> Any:
    """Random numbers with a gap of NaN between rows."""
    whole = np.full((rows, columns + gap), np.nan, dtype=dtype)
    whole[:, :columns] = random.normal(size=(rows, columns))
    return whole[:, :columns]


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("product", ["plain", "a transposed", "b transposed"])
@settings(max_examples=80)
@given(
    shape=st.tuples(lengths, lengths, lengths), gap=st.integers(0, 9), seed=st.integers(0, 2**32)
)
@example(shape=(1, 1, 1), gap=0, seed=0)
@example(shape=(1, 20, 80), gap=0, seed=0)
def test_products_of_any_shape_equal_numpys_and_write_nothing_else(
    product: str, dtype: str, shape: tuple[int, int, int], gap: int, seed: int
) -> None:
    m, k, n = shape
    random = np.random.default_rng(seed)
    add, a_shape, b_shape, out_shape = {
        "plain": (ADD_PRODUCT, (m, k), (k, n), (m, n)),
        "a transposed": (ADD_TRANSPOSED_PRODUCT, (m, k), (m, n), (k, n)),
        "b transposed": (ADD_PRODUCT_WITH_TRANSPOSED, (m, n), (k, n), (m, k)),
    }[product]
    a = matrix_apart(random, *a_shape, dtype, gap)
    b = matrix_apart(random, *b_shape, dtype, gap)
    rows, columns = out_shape
    # The row and column around the result must not be written to.
    frame = np.full((rows + 2, columns + gap + 2), UNTOUCHED, dtype=dtype)
    out = frame[1:-1, 1 : columns + 1]
    out[:] = random.normal(size=out_shape)
    left = a.T if product == "a transposed" else a
    right = b.T if product == "b transposed" else b
    expected = out + left.astype(np.float64) @ right.astype(np.float64)
    size = np.abs(out) + np.abs(left).astype(np.float64) @ np.abs(right)
    add(a, b, out)
    terms = left.shape[1]
    assert (np.abs(out - expected) <= (terms + 2) * np.finfo(dtype).eps * size).all()
    out[:] = UNTOUCHED
    assert (frame == UNTOUCHED).all()


# ---------------------------------------------------------------- activations


def over_all(function: Any) -> Any:
    """A function of one number, compiled in a loop, as in the kernels."""

    def loop(values: Any, out: Any) -> None:
        for j in range(values.shape[0]):
            out[j] = function(values[j])

    rows = {number: (number[::1],) * 2 for number in (numba.float32, numba.float64)}
    return numba.njit([numba.void(*two) for two in rows.values()])(loop)


EXP, TANH, SIGMOID = map(over_all, (activations.exp, activations.tanh, activations.sigmoid))


def relative_error(function: Any, exact: Any, values: npt.NDArray[Any]) -> float:
    """The largest relative error, compared with NumPy in float64."""
    out = np.zeros_like(values)
    function(values, out)
    expected = exact(values.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nanmax(np.abs(out / expected - 1)))


def exact_sigmoid(x: Float64Array) -> Float64Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def around_zero(limit: float, dtype: str) -> npt.NDArray[Any]:
    """Values evenly spaced to both limits, and ever closer to zero."""
    near = np.geomspace(1e-30, limit, 20_001)
    return np.concatenate((np.linspace(-limit, limit, 200_001), near, -near)).astype(dtype)


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 4e-7), ("float64", 3e-16)])
def test_exp_is_accurate(dtype: str, limit: float) -> None:
    assert relative_error(EXP, np.exp, around_zero(87.0, dtype)) < limit


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 2e-7), ("float64", 5e-16)])
def test_tanh_is_accurate_also_near_zero(dtype: str, limit: float) -> None:
    assert relative_error(TANH, np.tanh, around_zero(30.0, dtype)) < limit


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 4e-7), ("float64", 5e-16)])
def test_sigmoid_is_accurate(dtype: str, limit: float) -> None:
    assert relative_error(SIGMOID, exact_sigmoid, around_zero(80.0, dtype)) < limit


@pytest.mark.parametrize("dtype", PRECISIONS)
@given(value=st.floats(width=32))
def test_activations_are_within_their_bounds(dtype: str, value: float) -> None:
    given_value, out = np.array([value], dtype=dtype), np.zeros(1, dtype=dtype)
    if np.isnan(value):
        return
    TANH(given_value, out)
    assert -1 <= out[0] <= 1
    SIGMOID(given_value, out)
    assert 0 <= out[0] <= 1
    EXP(given_value, out)
    assert out[0] >= 0


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("function", [EXP, TANH, SIGMOID])
def test_nan_stays_nan(function: Any, dtype: str) -> None:
    values = np.array([0.5, np.nan, -3.0] * 11, dtype=dtype)
    out = np.zeros_like(values)
    function(values, out)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(values))
