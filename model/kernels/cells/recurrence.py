"""The recurrent weights in the products of many steps, and their gradient."""

from __future__ import annotations

from model.kernels.compile import kernel
from model.kernels.linalg.gemm import gemm_tn, pack, pack_transposed
from model.kernels.types import FloatArray, IntArray

PACKED_FROM_ROWS = 8  # of a step: the products of fewer are too small to repay packing


@kernel
def is_packed(offsets: IntArray) -> bool:
    """Whether the recurrent weights are packed: for many steps of many rows."""
    return offsets[1] >= PACKED_FROM_ROWS and offsets.shape[0] > 2


@kernel
def pack_for_steps(Wh: FloatArray, offsets: IntArray, space: FloatArray) -> FloatArray:
    """Wh (H, n) for the `gemm_nn` of every step; space is scratch space to pack it."""
    return pack(Wh, space) if is_packed(offsets) else Wh


@kernel
def pack_for_steps_back(Wh: FloatArray, offsets: IntArray, space: FloatArray) -> FloatArray:
    """Wh (H, n) for the `gemm_nt` of every step; space is scratch space to pack it."""
    return pack_transposed(Wh, space) if is_packed(offsets) else Wh


@kernel
def add_recurrent_gradient(
    h: FloatArray,
    h0: FloatArray,
    carried: bool,
    d_sums: FloatArray,
    offsets: IntArray,
    d_Wh: FloatArray,
) -> None:
    """d_Wh (H, n) += h_before.T @ d_sums, over all rows.

    h is (N, H), h0 (batch, H), zero unless `carried`, and d_sums (N, n). Steps with equally many
    rows are contiguous, and go through one matrix product.
    """
    if carried:
        gemm_tn(h0, d_sums[: offsets[1]], d_Wh)
    first, steps = 1, offsets.shape[0] - 1
    for t in range(1, steps):
        before, begin, end = offsets[first - 1], offsets[first], offsets[t + 1]
        if t + 1 < steps and offsets[t + 2] - end == begin - before:
            continue
        gemm_tn(h[before : before + end - begin], d_sums[begin:end], d_Wh)
        first = t + 1
