"""A plain recurrent layer with rectified units over the rows of a sentence.

    h = relu(x Wx + h_before Wh + b)

(J. L. Elman, 1990, with the rectifier for the squashing function.) The gates' array holds the sums
that go into the rectifier, one gate a layer.
"""

from __future__ import annotations

from model.kernels.compile import in_written_order, kernel
from model.kernels.products import add_product, add_product_with_transposed
from model.layout import FloatArray


@kernel
def rnn_row(sums: FloatArray, bias: FloatArray, h: FloatArray) -> None:
    """One step: h (H,) from the sums (H,) without bias; bias is (H,)."""
    zero = sums.dtype.type(0)
    for j in range(h.shape[0]):
        h[j] = max(sums[j] + bias[j], zero)


@kernel
def rnn_forward(sums: FloatArray, Wh: FloatArray, bias: FloatArray, h: FloatArray) -> None:
    """All rows of a sentence: sums (T, H) come in as x Wx; fills h (T, H). Wh is (H, H)."""
    rnn_row(sums[0], bias, h[0])
    for t in range(1, sums.shape[0]):
        add_product(h[t - 1 : t], Wh, sums[t : t + 1])
        rnn_row(sums[t], bias, h[t])


@kernel
def rnn_backward(
    sums: FloatArray,
    Wh: FloatArray,
    h: FloatArray,
    d_above: FloatArray,
    W_above: FloatArray,
    dh: FloatArray,
) -> None:
    """Back through all rows: sums (T, H) become their own gradients.

    d_above (T, n) are the gradients of the sums that h goes into above this layer, W_above (H, n)
    the weights on the way there. dh (T, H) is work space, zero on entry.
    """
    stepwise = in_written_order(sums)  # the original adds what comes from later rows first
    zero = sums.dtype.type(0)
    if not stepwise:
        add_product_with_transposed(d_above, W_above, dh)
    for t in range(sums.shape[0] - 1, -1, -1):
        if stepwise:
            add_product_with_transposed(d_above[t : t + 1], W_above, dh[t : t + 1])
        row, dh_row, h_row = sums[t], dh[t], h[t]
        for j in range(row.shape[0]):
            row[j] = dh_row[j] if h_row[j] > zero else zero
        if t > 0:
            add_product_with_transposed(sums[t : t + 1], Wh, dh[t - 1 : t])
