"""An LSTM layer over the rows of a batch, forward and backward.

Gates of a row lie side by side as g, o, f, i (cell write, output, forget, input), each H wide:

    o, f, i = sigmoid(.), g = tanh(.)      of  x Wx + h_before Wh + b
    c = f * c_before + i * g
    h = o * tanh(c)

as in Hochreiter and Schmidhuber (1997) with the forget gate of Gers, Schmidhuber and Cummins
(2000), without peepholes. h_before and c_before are zero at the first row of a
sentence, unless they are carried.
"""

from __future__ import annotations

from typing import Any

from model.kernels.cells import Layer, Lstm, backward_layer, forward_layer
from model.kernels.cells.recurrence import (
    add_recurrent_gradient,
    pack_for_steps,
    pack_for_steps_back,
)
from model.kernels.compile import implements, kernel
from model.kernels.linalg.activations import sigmoid, tanh
from model.kernels.linalg.gemm import gemm_nn, gemm_nt
from model.kernels.types import FloatArray, IntArray


@kernel
def lstm_row(
    gates: FloatArray, c_before: FloatArray, c: FloatArray, tanh_c: FloatArray, h: FloatArray
) -> None:
    """One row: turns gates (4H,) from sums into activations.

    Fills c, tanh_c and h, each (H,). c may be c_before.
    """
    hidden = h.shape[0]
    g, ofi = gates[:hidden], gates[hidden:]
    for j in range(g.shape[0]):
        g[j] = tanh(g[j])
    for j in range(ofi.shape[0]):
        ofi[j] = sigmoid(ofi[j])
    o, f, i = ofi[:hidden], ofi[hidden : 2 * hidden], ofi[2 * hidden :]
    for j in range(hidden):
        c[j] = f[j] * c_before[j] + i[j] * g[j]
    for j in range(hidden):
        tanh_c[j] = tanh(c[j])
    for j in range(hidden):
        h[j] = o[j] * tanh_c[j]


@implements(forward_layer, Lstm)
def lstm_forward(
    cell: Any, layer: Layer, carried: bool, space: FloatArray, offsets: IntArray
) -> None:
    """See `forward_layer`."""
    gates, c, h = layer.gates, layer.c, layer.h
    Wh = pack_for_steps(layer.Wh, offsets, space)
    for t in range(offsets.shape[0] - 1):
        first, end = offsets[t], offsets[t + 1]
        before = offsets[t - 1] if t > 0 else 0
        if t > 0:
            gemm_nn(h[before : before + end - first], Wh, gates[first:end])
        elif carried:
            gemm_nn(layer.h0, Wh, gates[:end])
        for row in range(first, end):
            c_before = c[before + row - first] if t > 0 else layer.c0[row]
            lstm_row(gates[row], c_before, c[row], layer.tanh_c[row], h[row])


@kernel
def lstm_row_backward(
    gates: FloatArray, c_before: FloatArray, tanh_c: FloatArray, dh: FloatArray, dc: FloatArray
) -> None:
    """One row: turns gates (4H,) from activations into the gradients of their sums.

    dh (H,) is the gradient of h. dc (H,) is that of c from the next row on entry, and that of
    c_before on return.
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
    layer: Layer,
    carried: bool,
    space: FloatArray,
    offsets: IntArray,
    dh: FloatArray,
    dc: FloatArray,
    d_Wh: FloatArray,
    d_bias: FloatArray,
) -> None:
    """See `backward_layer`."""
    gates, c = layer.gates, layer.c
    Wh = pack_for_steps_back(layer.Wh, offsets, space)
    for t in range(offsets.shape[0] - 2, -1, -1):
        first, end = offsets[t], offsets[t + 1]
        before = offsets[t - 1] if t > 0 else 0
        for row in range(first, end):
            c_before = c[before + row - first] if t > 0 else layer.c0[row]
            lstm_row_backward(gates[row], c_before, layer.tanh_c[row], dh[row], dc[row - first])
        if t > 0:
            gemm_nt(gates[first:end], Wh, dh[before : before + end - first])
    add_recurrent_gradient(layer.h, layer.h0, carried, gates, offsets, d_Wh)
