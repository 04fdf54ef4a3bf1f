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
    matrix product; the last steps come first.
    """
    t = offsets.shape[0] - 2
    while t > 0:
        end = offsets[t + 1]
        count = end - offsets[t]
        first = t
        while first > 1 and offsets[first] - offsets[first - 1] == count:
            if offsets[first - 1] - offsets[first - 2] != count:
                break
            first -= 1
        rows = end - offsets[first]
        before = offsets[first - 1]
        gemm_tn(h[before : before + rows], d_sums[offsets[first] : end], d_Wh)
        t = first - 1
