"""The expression graph: values, gradients and errors of each operation."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import Graph, Mat, ModelError, ShapeError, graph_gradient_check

Float64Array = npt.NDArray[np.float64]

EXACT = 1e-5  # a right gradient's error against measured slopes stays below

FEW = settings(max_examples=30)  # an example measures the slope of every number

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


def numbers(seed: int, *shape: int) -> Float64Array:
    return np.asarray(np.random.default_rng(seed).normal(size=shape), dtype=np.float64)


def check_gradients(operation: Callable[..., Mat], *inputs: Float64Array) -> Mat:
    """Check the gradients of a random weighted sum of the output; returns the output."""
    mats = [Mat(values) for values in inputs]
    output = operation(*mats)
    weights = numbers(0, *output.shape)

    def loss() -> Mat:
        return (operation(*mats) * weights).sum()

    report = graph_gradient_check(
        loss,
        {f"input {position}": mat for position, mat in enumerate(mats)},
    )
    assert report.largest < EXACT, report
    return output


# ---------------------------------------------------------------- values and gradients

ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv]


@pytest.mark.parametrize("operation", ARITHMETIC)
@FEW
@given(rows=sizes, columns=sizes, stretched=st.tuples(*[st.booleans()] * 4), seed=seeds)
@example(rows=2, columns=3, stretched=(True, False, False, True), seed=0)  # column with row
@example(rows=2, columns=3, stretched=(True, True, False, False), seed=0)  # number with matrix
def test_arithmetic_is_elementwise_and_broadcasts(
    operation: Any, rows: int, columns: int, stretched: tuple[bool, ...], seed: int
) -> None:
    lengths = (rows, columns, rows, columns)
    m, n, p, q = (1 if one else length for one, length in zip(stretched, lengths, strict=True))
    a, b = numbers(seed, m, n), numbers(seed + 1, p, q)
    b += np.sign(b)  # nothing is divided by almost zero
    output = check_gradients(operation, a, b)
    np.testing.assert_array_equal(output.data, operation(a, b))


@pytest.mark.parametrize("operation", ARITHMETIC)
@settings(max_examples=6)  # ten checks each
@given(rows=sizes, columns=sizes, seed=seeds)
def test_numbers_and_arrays_can_be_either_operand(
    operation: Any, rows: int, columns: int, seed: int
) -> None:
    a, b = numbers(seed, rows, columns), numbers(seed + 1, rows, columns)
    a += 2 * np.sign(a)
    b += 2 * np.sign(b)
    for other in (2.5, 3, b, b.tolist(), np.float64(0.5)):
        right = check_gradients(lambda mat, other=other: operation(mat, other), a)
        left = check_gradients(lambda mat, other=other: operation(other, mat), a)
        np.testing.assert_array_equal(right.data, operation(a, np.array(other)))
        np.testing.assert_array_equal(left.data, operation(np.array(other), a))


@FEW
@given(m=sizes, k=sizes, n=sizes, seed=seeds)
def test_matmul_is_the_matrix_product(m: int, k: int, n: int, seed: int) -> None:
    a, b = numbers(seed, m, k), numbers(seed + 1, k, n)
    output = check_gradients(operator.matmul, a, b)
    np.testing.assert_allclose(output.data, a @ b)
    np.testing.assert_allclose((a @ Mat(b)).data, a @ b)
    np.testing.assert_allclose((Mat(a) @ b.tolist()).data, a @ b)


ELEMENTWISE: dict[str, Callable[[Float64Array], Float64Array]] = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "exp": np.exp,
    "log": np.log,
    "__neg__": np.negative,
    "sum": lambda x: x.sum(keepdims=True),
    "T": np.transpose,
}


def applied(name: str, mat: Mat) -> Mat:
    found = getattr(mat, name)
    return found if isinstance(found, Mat) else found()


@pytest.mark.parametrize("name", ELEMENTWISE)
@FEW
@given(rows=sizes, columns=sizes, seed=seeds)
def test_functions_of_one_matrix(name: str, rows: int, columns: int, seed: int) -> None:
    x = numbers(seed, rows, columns)
    if name == "log":
        x = np.abs(x) + 0.1
    output = check_gradients(lambda mat: applied(name, mat), x)
    np.testing.assert_allclose(output.data, ELEMENTWISE[name](x))


@FEW
@given(rows=sizes, columns=sizes, axis=st.sampled_from([0, 1]), seed=seeds)
def test_sum_along_an_axis_keeps_the_matrix(rows: int, columns: int, axis: int, seed: int) -> None:
    x = numbers(seed, rows, columns)
    output = check_gradients(lambda mat: mat.sum(axis), x)
    np.testing.assert_array_equal(output.data, x.sum(axis=axis, keepdims=True))


@FEW
@given(rows=sizes, classes=sizes, data=st.data(), seed=seeds)
def test_softmax_cross_entropy_is_the_surprisal_of_the_targets(
    rows: int, classes: int, data: st.DataObject, seed: int
) -> None:
    targets = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    logits = 3 * numbers(seed, rows, classes)
    output = check_gradients(lambda mat: mat.softmax_cross_entropy(targets), logits)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    surprise = -np.log(p[np.arange(rows), targets]).sum()
    np.testing.assert_allclose(float(output), surprise, rtol=1e-9, atol=1e-12)


@FEW
@given(rows=sizes, columns=sizes, data=st.data(), seed=seeds)
def test_repeated_indices_repeat_rows(
    rows: int, columns: int, data: st.DataObject, seed: int
) -> None:
    indices = data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=9))
    table = numbers(seed, rows, columns)
    output = check_gradients(lambda mat: mat.take_rows(indices), table)
    np.testing.assert_array_equal(output.data, table[indices])
    np.testing.assert_array_equal(Mat(table).take_rows(np.array(indices)).data, table[indices])


@FEW
@given(length=sizes, widths=st.lists(sizes, min_size=1, max_size=4), seed=seeds)
def test_concatenation_stacks_vertically_or_horizontally(
    length: int, widths: list[int], seed: int
) -> None:
    beside = [numbers(seed + place, length, width) for place, width in enumerate(widths)]
    below = [part.T for part in beside]
    wide = check_gradients(lambda *mats: Mat.concatenate(mats, axis=1), *beside)
    tall = check_gradients(lambda *mats: Mat.concatenate(mats), *below)
    np.testing.assert_array_equal(wide.data, np.hstack(beside))
    np.testing.assert_array_equal(tall.data, np.vstack(below))


slices = st.integers(-6, 5) | st.slices(6)


@FEW
@given(row=slices, column=slices, seed=seeds)
@example(row=-1, column=slice(None), seed=0)
@example(row=slice(None, None, -1), column=slice(1, 6, 2), seed=0)
def test_slices_equal_numpys_and_stay_matrices(row: Any, column: Any, seed: int) -> None:
    x = numbers(seed, 6, 6)
    rows, columns = (
        [range(6)[index]] if isinstance(index, int) else range(6)[index] for index in (row, column)
    )
    if not (len(rows) and len(columns)):
        with pytest.raises(ShapeError) as caught:
            Mat(x)[row, column]
        assert (caught.value.code, caught.value.field) == ("empty_slice", "slice")
        return
    output = check_gradients(lambda mat: mat[row, column], x)
    np.testing.assert_array_equal(output.data, x[np.ix_(rows, columns)])


def test_one_index_takes_rows() -> None:
    mat = Mat([[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(mat[1].data, [[3, 4]])
    np.testing.assert_array_equal(mat[1:].data, [[3, 4], [5, 6]])


@FEW
@given(seed=seeds)
def test_a_matrix_can_be_used_more_than_once(seed: int) -> None:
    x = numbers(seed, 3, 3)
    check_gradients(lambda mat: mat * mat + mat @ mat - mat.tanh() / (mat * mat + 1), x)
    check_gradients(lambda mat: Mat.concatenate([mat, mat]), x)


# ---------------------------------------------------------------- extreme values


def test_large_numbers_neither_overflow_nor_become_nan() -> None:
    far = Mat([[-1e4, 1e4, 0.0]])
    with np.errstate(all="raise", under="ignore"), Graph() as graph:
        loss = far.sigmoid().sum() + far.tanh().sum() + far.softmax_cross_entropy([0])
        graph.backward(loss)
    assert float(loss) == pytest.approx(1.5 + 2e4)
    assert np.isfinite(far.grad).all()


def test_ten_thousand_operations_propagate_without_recursion() -> None:
    start, step = Mat([[0.25]]), Mat([[1e-4]])
    with Graph() as graph:
        end = start
        for _ in range(10_000):
            end = end + step
    graph.backward(end)
    assert len(graph) == 10_000
    assert float(end) == pytest.approx(1.25)
    assert start.grad == 1.0
    assert step.grad == 10_000.0


# ---------------------------------------------------------------- the graph


def test_gradients_accumulate_until_set_to_zero() -> None:
    x = Mat([[3.0]])
    for times in (1, 2, 3):
        with Graph() as graph:
            loss = x * x
        graph.backward(loss)
        assert x.grad == times * 6.0
    graph.backward(loss)  # once more through the same graph, whose own gradients start afresh
    assert x.grad == 24.0


def test_each_loss_of_a_graph_has_its_own_gradient() -> None:
    x, y = Mat([[2.0]]), Mat([[5.0]])
    with Graph() as graph:
        product = x * y
        first = product * 3.0
        second = product + x
    graph.backward(first)
    assert (x.grad[0, 0], y.grad[0, 0]) == (15.0, 6.0)
    x.grad[:] = y.grad[:] = 0.0
    graph.backward(second)
    assert (x.grad[0, 0], y.grad[0, 0]) == (6.0, 2.0)


def test_operations_independent_of_the_loss_cause_no_nan() -> None:
    x = Mat([[0.0, 1.0]])
    with np.errstate(divide="ignore"), Graph() as graph:
        x.log()
        loss = x.sum()
    graph.backward(loss)
    np.testing.assert_array_equal(x.grad, [[1.0, 1.0]])


def test_operations_outside_a_graph_are_not_recorded() -> None:
    x = Mat([[2.0]])
    with Graph() as graph:
        pass
    loss = x * x
    assert float(loss) == 4.0
    assert len(graph) == 0
    with pytest.raises(ModelError) as caught:
        graph.backward(loss)
    assert (caught.value.code, caught.value.field) == ("loss_not_in_graph", "backward")


def test_only_the_innermost_graph_records_and_outputs_of_others_are_constants() -> None:
    x = Mat([[3.0]])
    with Graph() as outer:
        squared = x * x
        with Graph() as inner:
            loss = squared * 2.0
        after = x + 1.0
    assert (len(outer), len(inner)) == (2, 1)
    inner.backward(loss)
    assert squared.grad == 2.0
    assert x.grad == 0.0
    outer.backward(after)
    assert x.grad == 1.0


def test_a_reopened_graph_records_more_operations() -> None:
    x = Mat([[3.0]])
    graph = Graph()
    with graph:
        squared = x * x
    with graph:
        loss = squared * 2.0
    graph.backward(loss)
    assert x.grad == 12.0


def test_an_exception_closes_the_graph() -> None:
    row = Mat([[1.0, 2.0]])
    graph = Graph()
    with pytest.raises(ShapeError), graph:
        row @ row
    row + row
    assert len(graph) == 0


def test_each_thread_has_its_own_graph() -> None:
    with Graph() as graph:
        thread = threading.Thread(target=lambda: Mat([[1.0]]) + 1.0)
        thread.start()
        thread.join()
    assert len(graph) == 0


def sine(x: Mat) -> Mat:
    out = Mat(np.sin(x.data))

    def backward() -> None:
        x.grad += np.cos(x.data) * out.grad

    return Graph.record(out, backward)


@FEW
@given(rows=sizes, columns=sizes, seed=seeds)
def test_a_custom_operation_is_recorded(rows: int, columns: int, seed: int) -> None:
    check_gradients(sine, numbers(seed, rows, columns))


# ---------------------------------------------------------------- matrices


def test_a_matrix_is_a_float64_copy() -> None:
    whole = np.array([[1, 2], [3, 4]])
    mat = Mat(whole)
    mat.data += 0.5
    assert mat.data.dtype == np.float64
    assert whole[0, 0] == 1
    part = mat[0]
    part.data += 100.0
    assert mat.data.max() == 4.5


def test_a_number_is_a_1_by_1_matrix() -> None:
    assert Mat(2.5).shape == (1, 1)
    assert float(Mat(2.5)) == 2.5
    assert repr(Mat([[1.0, 2.0]])) == "Mat([[1.0, 2.0]])"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        *[([[1], [2, 3]], "not_a_matrix"), ("a", "not_a_matrix")],
        *[([1.0, 2.0], "not_two_dimensional"), ([], "not_two_dimensional")],
        *[([[]], "not_two_dimensional"), (np.zeros((0, 3)), "not_two_dimensional")],
        (np.zeros((2, 2, 2)), "not_two_dimensional"),
    ],
)
def test_data_without_rows_and_columns_is_refused(values: Any, code: str) -> None:
    with pytest.raises(ShapeError) as caught:
        Mat(values)
    assert (caught.value.code, caught.value.field) == (code, "Mat")


def test_a_matrix_is_not_iterable() -> None:
    with pytest.raises(TypeError):
        iter(Mat([[1.0]]))


# ---------------------------------------------------------------- shape errors

A, B = Mat(np.ones((2, 3))), Mat(np.ones((4, 5)))

MISALIGNED: list[tuple[Callable[[], object], str, str, dict[str, Any]]] = [
    (lambda: A + B, "add", "broadcast_mismatch", {"first": (2, 3), "second": (4, 5)}),
    (lambda: A - B, "subtract", "broadcast_mismatch", {"first": (2, 3), "second": (4, 5)}),
    (lambda: A * B, "multiply", "broadcast_mismatch", {"first": (2, 3), "second": (4, 5)}),
    (lambda: A / B, "divide", "broadcast_mismatch", {"first": (2, 3), "second": (4, 5)}),
    (lambda: B.data + A, "add", "broadcast_mismatch", {"first": (4, 5), "second": (2, 3)}),
    (lambda: A + A.T, "add", "broadcast_mismatch", {"first": (2, 3), "second": (3, 2)}),
    (lambda: A @ B, "matmul", "matmul_mismatch", {"first": (2, 3), "second": (4, 5)}),
    (lambda: A @ A, "matmul", "matmul_mismatch", {"first": (2, 3), "second": (2, 3)}),
    (
        lambda: Mat.concatenate([A, A, B]),
        "concatenate",
        "concatenate_mismatch",
        {"first": (2, 3), "second": (4, 5), "axis": 0, "dimension": "columns"},
    ),
    (
        lambda: Mat.concatenate([A, B], axis=1),
        "concatenate",
        "concatenate_mismatch",
        {"first": (2, 3), "second": (4, 5), "axis": 1, "dimension": "rows"},
    ),
    (lambda: Mat.concatenate([]), "concatenate", "nothing_to_concatenate", {}),
    (lambda: Mat.concatenate([A], axis=2), "concatenate", "axis_out_of_range", {"axis": 2}),
    (lambda: A.sum(axis=-1), "sum", "axis_out_of_range", {"axis": -1}),
    (
        lambda: A.softmax_cross_entropy([0]),
        "softmax_cross_entropy",
        "targets_mismatch",
        {"first": (2, 3), "second": (1,)},
    ),
    (
        lambda: A.softmax_cross_entropy([0, 3]),
        "softmax_cross_entropy",
        "index_out_of_range",
        {"shape": (2, 3), "dimension": "column", "index": 3, "last": 2},
    ),
    (
        lambda: A.softmax_cross_entropy([0, -1]),
        "softmax_cross_entropy",
        "index_out_of_range",
        {"shape": (2, 3), "dimension": "column", "index": -1, "last": 2},
    ),
    (
        lambda: A.take_rows([2]),
        "take_rows",
        "index_out_of_range",
        {"shape": (2, 3), "dimension": "row", "index": 2, "last": 1},
    ),
    (lambda: A.take_rows([]), "take_rows", "indices_not_integers", {}),
    (lambda: A.take_rows([0.5]), "take_rows", "indices_not_integers", {}),  # type: ignore[list-item]
    (lambda: A[2], "slice", "empty_slice", {"shape": (2, 3), "rows": "2", "columns": ":"}),
    (lambda: A[:, 3:5], "slice", "empty_slice", {"shape": (2, 3), "rows": ":", "columns": "3:5"}),
    (lambda: Graph().backward(A), "backward", "loss_not_a_scalar", {"shape": (2, 3)}),
    (lambda: float(A), "float", "not_a_scalar", {"shape": (2, 3)}),
]


@pytest.mark.parametrize(("operation", "name", "code", "values"), MISALIGNED)
def test_an_error_names_the_operation_and_the_shapes(
    operation: Callable[[], object], name: str, code: str, values: dict[str, Any]
) -> None:
    with pytest.raises(ShapeError) as caught:
        operation()
    assert (caught.value.code, caught.value.field) == (code, name)
    assert caught.value.values == {"operation": name, **values}
