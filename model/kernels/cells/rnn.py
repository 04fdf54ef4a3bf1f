"""A simple recurrent layer with ReLU over the rows of a batch, forward and backward.

    h = relu(x Wx + h_before Wh + b)

(J. L. Elman, 1990, with ReLU as the activation.) `gates` holds the pre-activations; `c` and
`tanh_c` are not used.
"""

from __future__ import annotations

from typing import Any

from model.kernels.cells import Layer, Rnn, backward_layer, forward_layer
from model.kernels.cells.recurrence import (
    add_recurrent_gradient,
    pack_for_steps,
    pack_for_steps_back,
)
from model.kernels.compile import implements, kernel
from model.kernels.linalg.gemm import gemm_nn, gemm_nt
from model.kernels.types import FloatArray, IntArray


@kernel
def rnn_row(sums: FloatArray, h: FloatArray) -> None:
    """One row: fills h (H,), from sums (H,)."""
    zero = sums.dtype.type(0)
    for j in range(h.shape[0]):
        h[j] = max(sums[j], zero)


@implements(forward_layer, Rnn)
def rnn_forward(
    cell: Any, layer: Layer, carried: bool, space: FloatArray, offsets: IntArray
) -> None:
    """See `forward_layer`."""
    gates, h = layer.gates, layer.h
    Wh = pack_for_steps(layer.Wh, offsets, space)
    for t in range(offsets.shape[0] - 1):
        first, end = offsets[t], offsets[t + 1]
        if t > 0:
            before = offsets[t - 1]
            gemm_nn(h[before : before + end - first], Wh, gates[first:end])
        elif carried:
            gemm_nn(layer.h0, Wh, gates[:end])
        for row in range(first, end):
            rnn_row(gates[row], h[row])


@implements(backward_layer, Rnn)
def rnn_backward(
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
    gates = layer.gates
    zero = gates.dtype.type(0)
    Wh = pack_for_steps_back(layer.Wh, offsets, space)
    for t in range(offsets.shape[0] - 2, -1, -1):
        first, end = offsets[t], offsets[t + 1]
        for row in range(first, end):
            d_sums, dh_row, h_row = gates[row], dh[row], layer.h[row]
            for j in range(d_sums.shape[0]):
                d_sums[j] = dh_row[j] if h_row[j] > zero else zero
        if t > 0:
            before = offsets[t - 1]
            gemm_nt(gates[first:end], Wh, dh[before : before + end - first])
    add_recurrent_gradient(layer.h, layer.h0, carried, gates, offsets, d_Wh)
