"""An LSTM layer over the rows of a sentence, forwards and back through time.

Gates of a row lie side by side as g, o, f, i (cell write, output, forget, input), each H wide:

    o, f, i = sigmoid(.), g = tanh(.)      of  x Wx + h_before Wh + b
    c = f * c_before + i * g
    h = o * tanh(c)

as in Hochreiter and Schmidhuber (1997) with the forget gate of Gers, Schmidhuber and Cummins
(2000), without peepholes. h_before and c_before are zero at a sentence's first row.
"""

from __future__ import annotations

from typing import Any

from model.kernels.activations import sigmoid, tanh
from model.kernels.cells import Lstm, backward_layer, forward_layer, step_layer
from model.kernels.compile import implements, in_written_order, kernel
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


@implements(forward_layer, Lstm)
def lstm_forward(
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
        lstm_row(gates[t], bias, c[t - 1] if t > 0 else zeros, c[t], tanh_c[t], h[t])


@implements(step_layer, Lstm)
def lstm_step(
    cell: Any,
    gates: FloatArray,
    bias: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """One step in place; see `step_layer`."""
    lstm_row(gates, bias, c, c, tanh_c, h)


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


@implements(backward_layer, Lstm)
def lstm_backward(
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
    if not stepwise:
        add_product_with_transposed(d_above, W_above, dh)
    for t in range(gates.shape[0] - 1, -1, -1):
        if stepwise:
            add_product_with_transposed(d_above[t : t + 1], W_above, dh[t : t + 1])
        c_before = c[t - 1] if t > 0 else zeros
        lstm_row_backward(gates[t], c_before, tanh_c[t], dh[t], dc)
        if t > 0:
            add_product_with_transposed(gates[t : t + 1], Wh, dh[t - 1 : t])
