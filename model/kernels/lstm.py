"""An LSTM layer over the rows of a sentence, forwards and back through time.

Gates of a row lie side by side as g, o, f, i (cell write, output, forget, input), each H wide:

    o, f, i = sigmoid(.), g = tanh(.)      of  x Wx + h_before Wh + b
    c = f * c_before + i * g
    h = o * tanh(c)

as in Hochreiter and Schmidhuber (1997) with the forget gate of Gers, Schmidhuber and Cummins
(2000), without peepholes. h_before and c_before are zero at a sentence's first row.
"""

from __future__ import annotations

from model.kernels.activations import sigmoid, tanh
from model.kernels.compile import in_written_order, kernel
from model.kernels.products import add_product, add_product_with_transposed
from model.layout import FloatArray


@kernel
def lstm_row(
    gates: FloatArray,
    bias: FloatArray,
    c_before: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """One step: gates (4H) from sums without bias to activations, in place.

    bias is (4H,); fills c, tanh_c and h, each (H,). c may be c_before.
    """
    hidden = h.shape[0]
    g, ofi = gates[:hidden], gates[hidden:]
    g_bias, ofi_bias = bias[:hidden], bias[hidden:]
    for j in range(g.shape[0]):
        g[j] = tanh(g[j] + g_bias[j])
    for j in range(ofi.shape[0]):
        ofi[j] = sigmoid(ofi[j] + ofi_bias[j])
    o, f, i = ofi[:hidden], ofi[hidden : 2 * hidden], ofi[2 * hidden :]
    for j in range(hidden):
        c[j] = f[j] * c_before[j] + i[j] * g[j]
    for j in range(hidden):
        tanh_c[j] = tanh(c[j])
    for j in range(hidden):
        h[j] = o[j] * tanh_c[j]


@kernel
def lstm_forward(
    gates: FloatArray,
    Wh: FloatArray,
    bias: FloatArray,
    zeros: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """All rows of a sentence: gates (T, 4H) come in as x Wx and leave as activations.

    Wh is (H, 4H), bias (4H,), zeros (H,) the state before the first row; fills c, tanh_c and h,
    each (T, H).
    """
    lstm_row(gates[0], bias, zeros, c[0], tanh_c[0], h[0])
    for t in range(1, gates.shape[0]):
        add_product(h[t - 1 : t], Wh, gates[t : t + 1])
        lstm_row(gates[t], bias, c[t - 1], c[t], tanh_c[t], h[t])


@kernel
def lstm_row_backward(
    gates: FloatArray, c_before: FloatArray, tanh_c: FloatArray, dh: FloatArray, dc: FloatArray
) -> None:
    """One step back: gates (4H) from activations to the gradients of their sums, in place.

    dh (H,) is the gradient of h; dc (H,) comes in as that of c from the following row and leaves
    as that of c_before.
    """
    hidden = dh.shape[0]
    g, o = gates[:hidden], gates[hidden : 2 * hidden]
    f, i = gates[2 * hidden : 3 * hidden], gates[3 * hidden :]
    one = gates.dtype.type(1)
    for j in range(hidden):
        gj, oj, fj, ij, tj = g[j], o[j], f[j], i[j], tanh_c[j]
        dcj = dc[j] + (one - tj * tj) * (oj * dh[j])
        dc[j] = fj * dcj
        g[j] = (one - gj * gj) * (ij * dcj)
        o[j] = oj * (one - oj) * (tj * dh[j])
        f[j] = fj * (one - fj) * (c_before[j] * dcj)
        i[j] = ij * (one - ij) * (gj * dcj)


@kernel
def lstm_backward(
    gates: FloatArray,
    Wh: FloatArray,
    zeros: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    d_above: FloatArray,
    W_above: FloatArray,
    dh: FloatArray,
    dc: FloatArray,
) -> None:
    """Back through all rows: gates (T, 4H) from activations to the gradients of their sums.

    d_above (T, n) are the gradients of the sums that h goes into above this layer, W_above (H, n)
    the weights on the way there. dh (T, H) and dc (H,) are work space, zero on entry.
    """
    stepwise = in_written_order(gates)  # the original adds what comes from later rows first
    if not stepwise:
        add_product_with_transposed(d_above, W_above, dh)
    for t in range(gates.shape[0] - 1, -1, -1):
        if stepwise:
            add_product_with_transposed(d_above[t : t + 1], W_above, dh[t : t + 1])
        c_before = c[t - 1] if t > 0 else zeros
        lstm_row_backward(gates[t], c_before, tanh_c[t], dh[t], dc)
        if t > 0:
            add_product_with_transposed(gates[t : t + 1], Wh, dh[t - 1 : t])
