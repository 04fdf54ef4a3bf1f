"""A layer of gated recurrent units over the rows of a batch, forward and backward.

Gates of a row lie side by side as n, r, z (candidate, reset, update), each H wide:

    r, z = sigmoid(.)                       of  x Wx + h_before Wh + b
    n = tanh(x Wx_n + b_n + r * (h_before Wh_n + b_hn))
    h = (1 - z) * n + z * h_before

(K. Cho et al., 2014, in the form of cuDNN and PyTorch: the reset gate acts after the hidden
product, which has a bias of its own.) h_before is zero at the first row of a sentence, unless it is
carried. `c` holds h_before Wh_n + b_hn of each row, in the backward pass its gradient; `tanh_c` is
not used.
"""

from __future__ import annotations

from typing import Any

from model.kernels.cells import Gru, Layer, backward_layer, forward_layer
from model.kernels.cells.recurrence import (
    add_recurrent_gradient,
    pack_for_steps,
    pack_for_steps_back,
)
from model.kernels.compile import implements, kernel
from model.kernels.linalg.activations import sigmoid, tanh
from model.kernels.linalg.gemm import add_bias_grad, gemm_nn, gemm_nt
from model.kernels.linalg.views import set_rows
from model.kernels.types import FloatArray, IntArray


@kernel
def gru_row(gates: FloatArray, recurrent: FloatArray, h_before: FloatArray, h: FloatArray) -> None:
    """One row: turns gates (3H,) from sums into activations, and fills h (H,).

    recurrent (H,) is h_before Wh_n + b_hn. h may be h_before.
    """
    hidden = h.shape[0]
    n, rz = gates[:hidden], gates[hidden:]
    for j in range(rz.shape[0]):
        rz[j] = sigmoid(rz[j])
    r, z = rz[:hidden], rz[hidden:]
    for j in range(hidden):
        n[j] = tanh(n[j] + r[j] * recurrent[j])
    one = h.dtype.type(1)
    for j in range(hidden):
        h[j] = (one - z[j]) * n[j] + z[j] * h_before[j]


@implements(forward_layer, Gru)
def gru_forward(
    cell: Any, layer: Layer, carried: bool, space: FloatArray, offsets: IntArray
) -> None:
    """See `forward_layer`."""
    gates, recurrent, h = layer.gates, layer.c, layer.h
    hidden = h.shape[1]
    Wh_n = pack_for_steps(layer.Wh[:, :hidden], offsets, space)
    Wh_rz = pack_for_steps(layer.Wh[:, hidden:], offsets, space[space.shape[0] // 3 :])
    set_rows(recurrent, layer.bias[0, 3 * hidden :])
    for t in range(offsets.shape[0] - 1):
        first, end = offsets[t], offsets[t + 1]
        before = offsets[t - 1] if t > 0 else 0
        if t > 0 or carried:
            h_before = h[before : before + end - first] if t > 0 else layer.h0
            gemm_nn(h_before, Wh_n, recurrent[first:end])
            gemm_nn(h_before, Wh_rz, gates[first:end, hidden:])
        for row in range(first, end):
            h_row = h[before + row - first] if t > 0 else layer.h0[row]
            gru_row(gates[row], recurrent[row], h_row, h[row])


@kernel
def gru_row_backward(
    gates: FloatArray,
    recurrent: FloatArray,
    h_before: FloatArray,
    dh: FloatArray,
) -> None:
    """One row: turns gates (3H,) into the gradients of their sums, recurrent (H,) into its own.

    dh (H,) is the gradient of h on entry, and its share for h_before through z on return.
    """
    hidden = dh.shape[0]
    n, r, z = gates[:hidden], gates[hidden : 2 * hidden], gates[2 * hidden :]
    one = gates.dtype.type(1)
    for j in range(hidden):
        nj, rj, zj, dhj = n[j], r[j], z[j], dh[j]
        dn = dhj * (one - zj) * (one - nj * nj)
        dh[j] = dhj * zj
        n[j] = dn
        r[j] = dn * recurrent[j] * rj * (one - rj)
        z[j] = dhj * (h_before[j] - nj) * zj * (one - zj)
        recurrent[j] = dn * rj


@implements(backward_layer, Gru)
def gru_backward(
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
    gates, recurrent, h = layer.gates, layer.c, layer.h
    hidden = h.shape[1]
    Wh_n = pack_for_steps_back(layer.Wh[:, :hidden], offsets, space)
    Wh_rz = pack_for_steps_back(layer.Wh[:, hidden:], offsets, space[space.shape[0] // 3 :])
    for t in range(offsets.shape[0] - 2, -1, -1):
        first, end = offsets[t], offsets[t + 1]
        before = offsets[t - 1] if t > 0 else 0
        for row in range(first, end):
            h_row = h[before + row - first] if t > 0 else layer.h0[row]
            gru_row_backward(gates[row], recurrent[row], h_row, dh[row])
        if t > 0:
            dh_before = dh[before : before + end - first]
            for row in range(first, end):
                source, target = dh[row], dh_before[row - first]
                for j in range(hidden):
                    target[j] += source[j]
            gemm_nt(recurrent[first:end], Wh_n, dh_before)
            gemm_nt(gates[first:end, hidden:], Wh_rz, dh_before)
    add_recurrent_gradient(h, layer.h0, carried, recurrent, offsets, d_Wh[:, :hidden])
    add_recurrent_gradient(h, layer.h0, carried, gates[:, hidden:], offsets, d_Wh[:, hidden:])
    add_bias_grad(recurrent, d_bias[:, 3 * hidden :])
