"""The gradient of the recurrent weights."""

from __future__ import annotations

from model.kernels.compile import kernel
from model.kernels.linalg.gemm import gemm_tn
from model.kernels.types import FloatArray, IntArray


@kernel
def add_recurrent_gradient(
    h: FloatArray, d_sums: FloatArray, offsets: IntArray, d_Wh: FloatArray
) -> None:
    """d_Wh (H, n) += h_before.T @ d_sums, over all rows but the first of each sentence.

    h is (N, H), d_sums (N, n). Steps with equally many rows are contiguous, and go through one
    matrix product.
    """
    first, steps = 1, offsets.shape[0] - 1
    for t in range(1, steps):
        before, begin, end = offsets[first - 1], offsets[first], offsets[t + 1]
        if t + 1 < steps and offsets[t + 2] - end == begin - before:
            continue
        gemm_tn(h[before : before + end - begin], d_sums[begin:end], d_Wh)
        first = t + 1
