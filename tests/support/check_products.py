"""Compares the matrix products, compiled for CHARNN_CPU, with NumPy's; exits with 1 if they differ.

A process of its own: the target is fixed when the kernels are imported.
"""

from __future__ import annotations

import ctypes
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir

from model.kernels.linalg import gemm  # noqa: F401  (importing loads the products)
from model.kernels.linalg.gemm_codegen import name_of
from model.kernels.types import PACKING

ROWS, TERMS, COLUMNS = (1, 2, 3, 5, 9, 33, 130), (1, 7, 80, 270), (1, 5, 16, 49, 100, 301)
LARGE = ((601, 50, 301), (17, 301, 601), (301, 601, 467))  # few terms, few rows, several blocks
GAP = 3  # between the rows of a matrix, not to be read


def product(name: str, number: ir.Type, arguments: str) -> Callable[..., None]:
    """A compiled product, called with pointers and whole numbers."""
    types = {"p": ctypes.c_void_p, "i": ctypes.c_int64}
    prototype = ctypes.CFUNCTYPE(None, *(types[kind] for kind in arguments))
    return prototype(binding.address_of_symbol(name_of(name, number)))


def matrix(random: np.random.Generator, rows: int, columns: int, dtype: Any) -> Any:
    """Random numbers in rows that lie apart, with NaN between them."""
    whole = np.full((rows, columns + GAP), np.nan, dtype=dtype)
    whole[:, :columns] = random.normal(size=(rows, columns))
    return whole[:, :columns]


def is_right(dtype: Any, m: int, k: int, n: int) -> bool:
    """Whether all products of this shape add what NumPy's do, and touch nothing else."""
    number = ir.FloatType() if dtype == np.float32 else ir.DoubleType()
    gemm_any, gemm_nt, pack = (
        product("gemm", number, "iiipiipiipi"),
        product("gemm_nt", number, "iiipipipi"),
        product("pack", number, "iipiip"),
    )
    random = np.random.default_rng(m)
    a, b, out = (matrix(random, *shape, dtype) for shape in ((m, k), (k, n), (m, n)))
    a_columns, b_columns = (matrix(random, *x.T.shape, dtype) for x in (a, b))
    a_columns[:], b_columns[:] = a.T, b.T
    exact = out.astype(np.float64) + a.astype(np.float64) @ b.astype(np.float64)
    limit = (k + 2) * np.finfo(dtype).eps * (np.abs(out) + np.abs(a) @ np.abs(b))

    def added(call: Callable[..., None], *factors: int) -> bool:
        whole = out.base.copy()
        call(m, k, n, *factors, whole.ctypes.data, n + GAP)
        right = np.abs(whole[:, :n] - exact) <= limit
        return bool(right.all() and np.isnan(whole[:, n:]).all())

    def packed(*factor: int) -> bool:
        """Whether a product with b packed is right, and fits into the space for it."""
        space = np.full((k + PACKING) * (n + PACKING) + GAP, np.nan, dtype)
        space[-GAP:] = GAP
        pack(k, n, *factor, space.ctypes.data)
        right = added(gemm_any, a_at, k + GAP, 1, space.ctypes.data, 0, 1)
        return right and bool((space[-GAP:] == GAP).all())

    pointers = (x.ctypes.data for x in (a, a_columns, b, b_columns))
    a_at, a_columns_at, b_at, b_columns_at = pointers
    return (
        added(gemm_any, a_at, k + GAP, 1, b_at, n + GAP, 1)
        and added(gemm_any, a_columns_at, 1, m + GAP, b_at, n + GAP, 1)
        and added(gemm_nt, a_at, k + GAP, b_columns_at, k + GAP)
        and packed(b_at, n + GAP, 1)
        and packed(b_columns_at, 1, k + GAP)
    )


if __name__ == "__main__":
    shapes = [*itertools.product(ROWS, TERMS, COLUMNS), *LARGE]
    types = (np.float32, np.float64)
    sys.exit(0 if all(is_right(dtype, *shape) for dtype in types for shape in shapes) else 1)
