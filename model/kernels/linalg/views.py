"""Cutting matrices out of a flat array, and filling them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from model.kernels.compile import kernel
from model.kernels.types import FloatArray, IntArray


def _matrix(_context: Any, flat: Any, at: Any, rows: Any, columns: Any) -> Any:
    """flat[at : at + rows * columns] as a (rows, columns) matrix on the same memory.

    What slicing and reshaping would give, without the reference counting and the checks that they
    bring into every kernel: the flat arrays belong to the caller and outlive the call.
    """
    result = types.Array(flat.dtype, 2, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        start, *shape = (
            context.cast(builder, value, given, types.intp)
            for value, given in zip(arguments[1:], signature.args[1:], strict=True)
        )
        view = context.make_array(result)(context, builder)
        itemsize = context.get_constant(types.intp, flat.dtype.bitwidth // 8)
        populate_array(
            view,
            data=builder.gep(array.data, [start]),
            shape=cgutils.pack_array(builder, shape),
            strides=cgutils.pack_array(builder, [builder.mul(shape[1], itemsize), itemsize]),
            itemsize=itemsize,
            meminfo=None,
        )
        return view._getvalue()

    return result(flat, at, rows, columns), generate


matrix: Callable[[FloatArray, int, int, int], FloatArray] = intrinsic(_matrix)


@intrinsic
def fill_zero(_context: Any, a: Any) -> Any:
    """a = 0, for a matrix whose rows lie together."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        size = builder.mul(array.nitems, array.itemsize)
        cgutils.memset(builder, array.data, size, 0)
        return context.get_dummy_value()

    return types.void(a), generate


@kernel
def copy_row(source: FloatArray, row: int, to: FloatArray, place: int) -> None:
    """to[place] = source[row], of two matrices with as many columns, or of one."""
    for j in range(source.shape[1]):
        to[place, j] = source[row, j]


@kernel
def take_rows(source: FloatArray, places: IntArray, to: FloatArray) -> None:
    """to[row] = source[places[row]], for each row of `to`."""
    for row in range(to.shape[0]):
        copy_row(source, places[row], to, row)


@kernel
def add_rows(source: FloatArray, places: IntArray, to: FloatArray) -> None:
    """to[places[row]] += source[row], for each row of the source."""
    for row in range(source.shape[0]):
        added, total = source[row], to[places[row]]
        for j in range(added.shape[0]):
            total[j] += added[j]


@kernel
def set_rows(a: FloatArray, values: FloatArray) -> None:
    """a[row] = values, for each row."""
    for row in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[row, j] = values[j]
