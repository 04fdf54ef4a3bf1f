"""A plain recurrent layer with rectified units over the rows of a sentence.

    h = relu(x Wx + h_before Wh + b)

(J. L. Elman, 1990, with the rectifier for the squashing function.) Its one gate holds the sums that
go into the rectifier; it has no use for c.
"""

from __future__ import annotations

from typing import Any

from model.kernels.cells import Rnn, backward_layer, forward_layer, step_layer
from model.kernels.compile import implements, in_written_order, kernel
from model.kernels.products import add_product, add_product_with_transposed
from model.layout import FloatArray


@kernel
def rnn_row(sums: FloatArray, bias: FloatArray, h: FloatArray) -> None:
    """One step: h (H,) from the sums (H,) without bias; bias is (H,)."""
    zero = sums.dtype.type(0)
    for j in range(h.shape[0]):
        h[j] = max(sums[j] + bias[j], zero)


@implements(forward_layer, Rnn)
def rnn_forward(
    cell: Any,
    gates: FloatArray,
    Wh: FloatArray,
    bias: FloatArray,
    zeros: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """All rows of a sentence; see `forward_layer`."""
    for t in range(gates.shape[0]):
        if t > 0:
            add_product(h[t - 1 : t], Wh, gates[t : t + 1])
        rnn_row(gates[t], bias, h[t])


@implements(step_layer, Rnn)
def rnn_step(
    cell: Any,
    gates: FloatArray,
    bias: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """One step in place; see `step_layer`."""
    rnn_row(gates, bias, h)


@implements(backward_layer, Rnn)
def rnn_backward(
    cell: Any,
    gates: FloatArray,
    Wh: FloatArray,
    zeros: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
    d_above: FloatArray,
    W_above: FloatArray,
    dh: FloatArray,
    dc: FloatArray,
) -> None:
    """Back through all rows; see `backward_layer`."""
    stepwise = in_written_order(gates)  # the original adds what comes from later rows first
    zero = gates.dtype.type(0)
    if not stepwise:
        add_product_with_transposed(d_above, W_above, dh)
    for t in range(gates.shape[0] - 1, -1, -1):
        if stepwise:
            add_product_with_transposed(d_above[t : t + 1], W_above, dh[t : t + 1])
        row, dh_row, h_row = gates[t], dh[t], h[t]
        for j in range(row.shape[0]):
            row[j] = dh_row[j] if h_row[j] > zero else zero
        if t > 0:
            add_product_with_transposed(gates[t : t + 1], Wh, dh[t - 1 : t])
