"""The three matrix products of a network's training. Each adds to its result.

They are our own because the matrices are small: for a layer of 20 units a call into a BLAS costs
more than the product. Matrices are two-dimensional and row-major; rows may lie apart. In compiled
code only; gemm_codegen.py generates the loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from model.kernels.compile import STRICT_MATH
from model.kernels.linalg import gemm_codegen as tiles
from model.kernels.types import FloatArray

ZERO, ONE = ir.Constant(tiles.INT, 0), ir.Constant(tiles.INT, 1)

_products = tiles.make_callable()


class _Matrix:
    """The pieces of a Numba array that a product is called with."""

    def __init__(self, context: Any, builder: Any, numba_type: Any, value: Any) -> None:
        array = context.make_array(numba_type)(context, builder, value)
        bytes_to_next_row, _ = cgutils.unpack_tuple(builder, array.strides, 2)
        self.number = context.get_data_type(numba_type.dtype)
        self.data = array.data
        self.rows, self.columns = cgutils.unpack_tuple(builder, array.shape, 2)
        self.row_stride = builder.sdiv(bytes_to_next_row, array.itemsize)


def _call(product: str, arguments_of: Callable[..., Any]) -> Callable[..., Any]:
    """What an intrinsic on matrices generates: a call of the product with these arguments."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        matrices = [
            _Matrix(context, builder, numba_type, value)
            for numba_type, value in zip(signature.args, arguments)
        ]
        number = matrices[0].number
        function = cgutils.get_or_insert_function(
            builder.module, tiles.signature(product, number), tiles.name_of(product, number)
        )
        builder.call(function, arguments_of(builder, *matrices))
        return context.get_dummy_value()

    return generate


def _product(product: str, arguments_of: Callable[..., Any]) -> Any:
    """An intrinsic (a, b, out)."""

    def typed(_context: Any, a: Any, b: Any, out: Any) -> Any:
        return types.void(a, b, out), _call(product, arguments_of)

    return intrinsic(typed)


def _last_row(builder: Any, of: _Matrix) -> Any:
    return builder.gep(of.data, [builder.mul(builder.sub(of.rows, ONE), of.row_stride)])


def _plain(builder: Any, a: _Matrix, b: _Matrix, out: _Matrix) -> list[Any]:
    sizes = [a.rows, a.columns, b.columns]
    return [*sizes, a.data, a.row_stride, ONE, b.data, b.row_stride, out.data, out.row_stride]


def _transposed_from_last_row(builder: Any, a: _Matrix, b: _Matrix, out: _Matrix) -> list[Any]:
    sizes = [a.columns, a.rows, b.columns]
    a_backwards = [_last_row(builder, a), ONE, builder.neg(a.row_stride)]
    b_backwards = [_last_row(builder, b), builder.neg(b.row_stride)]
    return [*sizes, *a_backwards, *b_backwards, out.data, out.row_stride]


def _sums_of_columns(builder: Any, a: _Matrix, out: _Matrix) -> list[Any]:
    """out (1, n) += a row of ones @ a (m, n), from the last row; the ones are one, not moved on."""
    one = cgutils.alloca_once_value(builder, ir.Constant(a.number, 1))
    sizes = [ONE, a.rows, a.columns]
    ones = [one, ZERO, ZERO]
    backwards = [_last_row(builder, a), builder.neg(a.row_stride)]
    return [*sizes, *ones, *backwards, out.data, out.row_stride]


def _with_transposed(builder: Any, a: _Matrix, b: _Matrix, out: _Matrix) -> list[Any]:
    sizes = [a.rows, a.columns, b.rows]
    return [*sizes, a.data, a.row_stride, b.data, b.row_stride, out.data, out.row_stride]


gemm_nn = _product("sums", _plain)
"""out += a @ b, with a (m, k), b (k, n), out (m, n); summed from zero, then added."""

gemm_tn = _product("onto", _transposed_from_last_row)
"""out += a.T @ b, with a (m, k), b (m, n), out (k, n): the gradient of a weight matrix.

The rows are taken from the last to the first, as back-propagation through time comes by them.
"""


@intrinsic
def add_bias_grad(_context: Any, a: Any, out: Any) -> Any:
    """out (1, n) += a.sum(axis=0), with a (m, n): the gradient of a bias, the last row first."""
    return types.void(a, out), _call("onto", _sums_of_columns)


_add_dots = _product("dots", _with_transposed)


def gemm_nt(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
    """out += a @ b.T, with a (m, n), b (k, n), out (m, k): the way back through a layer."""
    out += a @ b.T


@overload(gemm_nt, jit_options=STRICT_MATH)
def _gemm_nt(a: FloatArray, b: FloatArray, out: FloatArray) -> Any:
    def in_any_order(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
        _add_dots(a, b, out)

    def is_strict(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                for p in range(b.shape[0]):
                    out[i, p] += b[p, j] * a[i, j]

    return in_any_order if a.dtype == types.float32 else is_strict
