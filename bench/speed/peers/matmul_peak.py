"""The peak to measure against: a product of large float32 matrices with NumPy's BLAS."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from bench.speed.batches import Run
from bench.speed.workloads import Network

SIZE = 1024  # large enough for BLAS to reach its best, small enough to repeat often in a round


def version() -> str:
    """Which BLAS this NumPy has."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']} in NumPy {np.__version__}"


def prepare(_network: Network, _sentences: Sequence[str]) -> Run:
    """Products for about so many seconds; what it returns is operations a second, of the best."""
    random = np.random.default_rng(1)
    a, b = random.standard_normal((2, SIZE, SIZE), dtype=np.float32)
    product = np.empty_like(a)

    def run(seconds: float) -> float:
        began, fastest = time.perf_counter(), float("inf")
        while time.perf_counter() - began < seconds:
            before = time.perf_counter()
            np.matmul(a, b, out=product)
            fastest = min(fastest, time.perf_counter() - before)
        return 2 * SIZE**3 / fastest

    return run
