"""The gradient of the weights from a layer's rows to their next rows."""

from __future__ import annotations

from model.kernels.cells import Integers
from model.kernels.compile import kernel
from model.kernels.linalg.gemm import add_transposed_product
from model.network import FloatArray


@kernel
def add_recurrent_gradient(
    h: FloatArray, d_sums: FloatArray, starts: Integers, d_Wh: FloatArray
) -> None:
    """d_Wh (H, n) += the sum over all rows but the first of each sentence of h_before.T @ d_sums.

    h is (N, H), d_sums (N, n). While no sentence ends, the rows before lie as close as the rows
    themselves do, and all those steps are one product; the last steps come first.
    """
    t = starts.shape[0] - 2
    while t > 0:
        end = starts[t + 1]
        count = end - starts[t]
        first = t
        while first > 1 and starts[first] - starts[first - 1] == count:
            if starts[first - 1] - starts[first - 2] != count:
                break
            first -= 1
        rows = end - starts[first]
        before = starts[first - 1]
        add_transposed_product(h[before : before + rows], d_sums[starts[first] : end], d_Wh)
        t = first - 1
