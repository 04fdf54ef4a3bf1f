"""An expression graph with automatic differentiation: slow, and easy to read.

Each operation computes its output, and has a closure that adds the gradients of its inputs. An open
graph records the operations in order; `Graph.backward` runs their closures in reverse order, which
is reverse accumulation (S. Linnainmaa, 1970) without recursion::

    W, b = Mat([[0.5, -0.2]]), Mat([[0.0]])
    with Graph() as graph:
        loss = (W @ [[1.0], [2.0]] + b).tanh().sum()
    graph.backward(loss)
    W.data -= 0.1 * W.grad

All arrays are float64, and all values are matrices: a number is (1, 1), a row (1, n), a column
(n, 1). Gradients accumulate in `grad` until it is set to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.kernels.types import Float64Array

Index = int | slice
Backward = Callable[[], None]


Operations = list[tuple["Mat", Backward]]

# The operations of the innermost open graph.
_recording: ContextVar[Operations | None] = ContextVar("recording", default=None)


class ShapeError(ModelError):
    """Operands with shapes that an operation does not support; the message names both."""

    def __init__(self, code: str, operation: str, **values: Any) -> None:
        super().__init__(code, operation, operation=operation, **values)


class Graph:
    """A record of operations, in the order of their computation.

    A `with` block records the operations of the current thread; of nested graphs only the innermost
    one records. Outside of graphs operations compute without recording. The results of another
    graph are constants: they get a gradient, which does not propagate further.
    """

    def __init__(self) -> None:
        self._operations: Operations = []
        self._outer: list[Token[Operations | None]] = []

    def __enter__(self) -> Graph:
        self._outer.append(_recording.set(self._operations))
        return self

    def __exit__(self, *exception: object) -> None:
        _recording.reset(self._outer.pop())

    def __len__(self) -> int:
        """Number of recorded operations."""
        return len(self._operations)

    @staticmethod
    def record(output: Mat, backward: Backward) -> Mat:
        """Record an operation in the open graph, if any; returns its output.

        `backward` adds the gradients of the inputs, given that of the output. All operations below
        end with this call, and so do custom ones.
        """
        operations = _recording.get()
        if operations is not None:
            operations.append((output, backward))
        return output

    def backward(self, loss: Mat) -> None:
        """Add the gradient of `loss` (1, 1) to `grad` of all matrices that it depends on.

        Raises:
            ShapeError: the loss is not one number.
            ModelError: the loss was not computed in this graph.
        """
        if loss.shape != (1, 1):
            raise ShapeError("loss_not_a_scalar", "backward", shape=loss.shape)
        if not any(output is loss for output, _ in self._operations):
            raise ModelError("loss_not_in_graph", "backward")
        for output, _ in self._operations:
            output.grad.fill(0.0)
        loss.grad.fill(1.0)
        for output, backward in reversed(self._operations):
            # Without a gradient there is nothing to propagate, not even 0 * infinity.
            if output.grad.any():
                backward()


class Mat:
    """A matrix and the gradient of the loss with respect to it.

    Attributes:
        value: (rows, columns), float64.
        grad: of the same shape; zero before `Graph.backward`.
    """

    # Makes NumPy delegate `array @ mat` and others to the methods below.
    __array_ufunc__ = None
    # Without this Python would iterate by index until an error.
    __iter__ = None

    def __init__(self, value: npt.ArrayLike) -> None:
        self.data = _matrix_of(value)
        self.grad = np.zeros_like(self.data)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.data.shape
        return rows, columns

    def __repr__(self) -> str:
        return f"Mat({self.data.tolist()})"

    def __float__(self) -> float:
        if self.shape != (1, 1):
            raise ShapeError("not_a_scalar", "float", shape=self.shape)
        return float(self.data[0, 0])

    # ------------------------------------------------------------ arithmetic, with broadcasting

    def __add__(self, other: Operand) -> Mat:
        other = _as_mat(other)
        _check_broadcast("add", self, other)
        out = Mat(self.data + other.data)

        def backward() -> None:
            self.grad += _unbroadcast(self.shape, out.grad)
            other.grad += _unbroadcast(other.shape, out.grad)

        return Graph.record(out, backward)

    def __sub__(self, other: Operand) -> Mat:
        other = _as_mat(other)
        _check_broadcast("subtract", self, other)
        out = Mat(self.data - other.data)

        def backward() -> None:
            self.grad += _unbroadcast(self.shape, out.grad)
            other.grad -= _unbroadcast(other.shape, out.grad)

        return Graph.record(out, backward)

    def __mul__(self, other: Operand) -> Mat:
        """Elementwise."""
        other = _as_mat(other)
        _check_broadcast("multiply", self, other)
        out = Mat(self.data * other.data)

        def backward() -> None:
            self.grad += _unbroadcast(self.shape, out.grad * other.data)
            other.grad += _unbroadcast(other.shape, out.grad * self.data)

        return Graph.record(out, backward)

    def __truediv__(self, other: Operand) -> Mat:
        """Elementwise."""
        other = _as_mat(other)
        _check_broadcast("divide", self, other)
        out = Mat(self.data / other.data)

        def backward() -> None:
            self.grad += _unbroadcast(self.shape, out.grad / other.data)
            other.grad -= _unbroadcast(other.shape, out.grad * out.data / other.data)

        return Graph.record(out, backward)

    def __matmul__(self, other: Operand) -> Mat:
        """The matrix product: (m, k) @ (k, n) is (m, n)."""
        other = _as_mat(other)
        if self.shape[1] != other.shape[0]:
            raise ShapeError("matmul_mismatch", "matmul", first=self.shape, second=other.shape)
        out = Mat(self.data @ other.data)

        def backward() -> None:
            self.grad += out.grad @ other.data.T  # (m, n) @ (n, k)
            other.grad += self.data.T @ out.grad  # (k, m) @ (m, n)

        return Graph.record(out, backward)

    def __neg__(self) -> Mat:
        return 0.0 - self

    def __radd__(self, other: Operand) -> Mat:
        return _as_mat(other) + self

    def __rsub__(self, other: Operand) -> Mat:
        return _as_mat(other) - self

    def __rmul__(self, other: Operand) -> Mat:
        return _as_mat(other) * self

    def __rtruediv__(self, other: Operand) -> Mat:
        return _as_mat(other) / self

    def __rmatmul__(self, other: Operand) -> Mat:
        return _as_mat(other) @ self

    # ------------------------------------------------------------ elementwise functions

    def tanh(self) -> Mat:
        """The hyperbolic tangent."""
        out = Mat(np.tanh(self.data))

        def backward() -> None:
            self.grad += (1.0 - out.data**2) * out.grad

        return Graph.record(out, backward)

    def sigmoid(self) -> Mat:
        """1 / (1 + exp(-x)), the logistic function."""
        decay = np.exp(-np.abs(self.data))  # at most 1: nothing overflows
        out = Mat(np.where(self.data >= 0, 1.0, decay) / (1.0 + decay))

        def backward() -> None:
            self.grad += out.data * (1.0 - out.data) * out.grad

        return Graph.record(out, backward)

    def relu(self) -> Mat:
        """max(x, 0); its derivative at 0 is 0."""
        out = Mat(np.maximum(self.data, 0.0))

        def backward() -> None:
            self.grad += (self.data > 0.0) * out.grad

        return Graph.record(out, backward)

    def exp(self) -> Mat:
        """The exponential."""
        out = Mat(np.exp(self.data))

        def backward() -> None:
            self.grad += out.data * out.grad

        return Graph.record(out, backward)

    def log(self) -> Mat:
        """The natural logarithm."""
        out = Mat(np.log(self.data))

        def backward() -> None:
            self.grad += out.grad / self.data

        return Graph.record(out, backward)

    # ------------------------------------------------------------ sums and the loss

    def sum(self, axis: int | None = None) -> Mat:
        """The sum of all numbers, (1, 1); by column, (1, n), for axis 0; by row, (m, 1), for 1."""
        if axis is not None:
            _check_axis("sum", axis)
        out = Mat(self.data.sum(axis=axis, keepdims=True))

        def backward() -> None:
            self.grad += out.grad  # broadcast back to (m, n)

        return Graph.record(out, backward)

    def softmax_cross_entropy(self, targets: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Mat:
        """The sum of -ln p(target) over rows of logits, (1, 1), where p is the softmax of a row.

        Logits are (predictions, classes), targets are (predictions,). The gradient of a row is p
        minus the one-hot target.

        Raises:
            ShapeError: the number of targets is not that of the rows, or a target is no class.
        """
        rows, classes = self.shape
        targets = _indices("softmax_cross_entropy", targets, classes, "column", self.shape)
        if len(targets) != rows:
            raise ShapeError(
                "targets_mismatch",
                "softmax_cross_entropy",
                first=self.shape,
                second=targets.shape,
            )
        each = np.arange(rows)
        shifted = self.data - self.data.max(axis=1, keepdims=True)  # exp cannot overflow
        totals = np.exp(shifted).sum(axis=1, keepdims=True)  # (rows, 1)
        out = Mat((np.log(totals) - shifted[each, targets, None]).sum())

        def backward() -> None:
            slope = np.exp(shifted) / totals  # (rows, classes): p
            slope[each, targets] -= 1.0
            self.grad += slope * out.grad

        return Graph.record(out, backward)

    # ------------------------------------------------------------ indexing and concatenation

    def take_rows(self, indices: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Mat:
        """The rows with these indices, (len(indices), n), as of an embedding.

        Raises:
            ShapeError: there is no index, or one is out of range.
        """
        indices = _indices("take_rows", indices, self.shape[0], "row", self.shape)
        out = Mat(self.data[indices])

        def backward() -> None:
            np.add.at(self.grad, indices, out.grad)  # indices may repeat

        return Graph.record(out, backward)

    def __getitem__(self, index: Index | tuple[Index, Index]) -> Mat:
        """A part, as in NumPy, but always a matrix: [2] is a row, [:, 2] a column."""
        row, column = index if isinstance(index, tuple) else (index, slice(None))
        place = (_as_slice(row), _as_slice(column))
        part = self.data[place]
        if part.size == 0:
            raise ShapeError(
                "empty_slice",
                "slice",
                shape=self.shape,
                rows=_written(row),
                columns=_written(column),
            )
        out = Mat(part)

        def backward() -> None:
            self.grad[place] += out.grad

        return Graph.record(out, backward)

    @staticmethod
    def concatenate(parts: Sequence[Operand], axis: int = 0) -> Mat:
        """The concatenation of matrices: below each other for axis 0, side by side for axis 1.

        Raises:
            ShapeError: there are none, or they differ in the other dimension.
        """
        _check_axis("concatenate", axis)
        mats = [_as_mat(part) for part in parts]
        if not mats:
            raise ShapeError("nothing_to_concatenate", "concatenate")
        across, dimension = 1 - axis, ("columns", "rows")[axis]
        for mat in mats:
            if mat.shape[across] != mats[0].shape[across]:
                raise ShapeError(
                    "concatenate_mismatch",
                    "concatenate",
                    first=mats[0].shape,
                    second=mat.shape,
                    axis=axis,
                    dimension=dimension,
                )
        out = Mat(np.concatenate([mat.data for mat in mats], axis=axis))
        ends = np.cumsum([mat.shape[axis] for mat in mats])

        def backward() -> None:
            for mat, grad in zip(mats, np.split(out.grad, ends[:-1], axis=axis), strict=True):
                mat.grad += grad

        return Graph.record(out, backward)

    @property
    def T(self) -> Mat:  # noqa: N802 (NumPy's name)
        """The transpose."""
        out = Mat(self.data.T)

        def backward() -> None:
            self.grad += out.grad.T

        return Graph.record(out, backward)


Operand = Mat | npt.ArrayLike
"""The other operand of an operation: a `Mat`, a number, an array or nested lists."""


def _as_mat(operand: Operand) -> Mat:
    return operand if isinstance(operand, Mat) else Mat(operand)


def _matrix_of(value: npt.ArrayLike) -> Float64Array:
    """A float64 copy as a matrix."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ShapeError("not_a_matrix", "Mat") from None
    if array.ndim == 0:
        return array.reshape(1, 1)
    if array.ndim != 2 or array.size == 0:
        raise ShapeError("not_two_dimensional", "Mat", shape=array.shape)
    return array


def _check_broadcast(operation: str, a: Mat, b: Mat) -> None:
    if all(m == n or 1 in (m, n) for m, n in zip(a.shape, b.shape, strict=True)):
        return
    raise ShapeError("broadcast_mismatch", operation, first=a.shape, second=b.shape)


def _unbroadcast(shape: tuple[int, int], grad: Float64Array) -> Float64Array:
    """The gradient of an operand of this shape: `grad` summed over the axes that were broadcast.

    An axis of length 1 is summed whether or not it was broadcast, with the same result.
    """
    axes = tuple(axis for axis in (0, 1) if shape[axis] == 1)
    return np.asarray(grad.sum(axis=axes, keepdims=True), dtype=np.float64)


def _check_axis(operation: str, axis: int) -> None:
    if axis not in (0, 1):
        raise ShapeError("axis_out_of_range", operation, axis=axis)


def _indices(
    operation: str,
    given: Sequence[int] | npt.NDArray[np.integer[Any]],
    count: int,
    dimension: str,
    shape: tuple[int, int],
) -> npt.NDArray[np.integer[Any]]:
    """The indices as an array (n,), all within range."""
    indices = np.asarray(given)
    if indices.ndim != 1 or indices.size == 0 or indices.dtype.kind not in "iu":
        raise ShapeError("indices_not_integers", operation)
    wrong = indices[(indices < 0) | (indices >= count)]
    if wrong.size:
        raise ShapeError(
            "index_out_of_range",
            operation,
            shape=shape,
            dimension=dimension,
            index=int(wrong[0]),
            last=count - 1,
        )
    return indices


def _as_slice(index: Index) -> slice:
    if isinstance(index, slice):
        return index
    return slice(index, index + 1 or None)  # the slice of -1 has no end


def _written(index: Index) -> str:
    """An index as in the source code."""
    if not isinstance(index, slice):
        return str(index)
    ends = ("" if end is None else str(end) for end in (index.start, index.stop))
    return ":".join(ends) + ("" if index.step is None else f":{index.step}")
