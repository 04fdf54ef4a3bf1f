"""The peak performance: a product of large float32 matrices with NumPy's BLAS."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from bench.speed.batches import Run
from bench.speed.workloads import Network

SIZE = 1024  # large enough for the peak of BLAS, small enough for many products per run


def version() -> str:
    """The version of NumPy and of its BLAS."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']} in NumPy {np.__version__}"


def prepare(_network: Network, _sentences: Sequence[str]) -> Run:
    """A run of products; it returns the operations per second of the fastest."""
    random = np.random.default_rng(1)
    a, b = random.standard_normal((2, SIZE, SIZE), dtype=np.float32)
    product = np.empty_like(a)

    def run(seconds: float) -> float:
        start, fastest = time.perf_counter(), float("inf")
        while time.perf_counter() - start < seconds:
            before = time.perf_counter()
            np.matmul(a, b, out=product)
            fastest = min(fastest, time.perf_counter() - before)
        return 2 * SIZE**3 / fastest

    return run
